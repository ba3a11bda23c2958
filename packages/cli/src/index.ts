export { ExitCode } from './exit';
export { run } from './run';
