/** The environment variable that hands the compiler's options to the process that runs the service. */
export const COMPILER_VARIABLE = 'NATSMITH_DEV_COMPILER';
