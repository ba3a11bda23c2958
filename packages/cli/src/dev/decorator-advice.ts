/** An error that a decorator of class-validator or class-transformer throws when it is compiled as a standard one. */
const MISUSED = /^Cannot read properties of undefined \(reading 'constructor'\)$/;
const LIBRARIES = /class-(validator|transformer)|src[\\/]decorator[\\/]common[\\/]ValidateBy|src[\\/]decorators[\\/]/;

/** What to do about such an error, or undefined for any other one. */
export function decoratorAdvice(error: unknown): string | undefined {
  if (!(error instanceof TypeError) || !MISUSED.test(error.message) || !LIBRARIES.test(error.stack ?? ''))
    return undefined;
  return (
    'class-validator and class-transformer know experimental decorators alone: set "experimentalDecorators" and ' +
    '"emitDecoratorMetadata" in tsconfig.json, or take a schema (zod, valibot, arktype) as the payload.'
  );
}
