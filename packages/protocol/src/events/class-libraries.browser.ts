// In the place of class-libraries.ts in bundles for browsers.
export function classLibraries(): never {
  throw new Error('a browser has no class-validator; take a schema (zod, valibot, arktype) as the type of the event');
}
