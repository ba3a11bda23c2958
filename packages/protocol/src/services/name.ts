const NAME = /^[A-Za-z0-9_-]+$/;

/**
 * What is wrong with a service or endpoint name, or undefined when nothing is (ADR-32, Service name: `^[A-Za-z0-9_-]+$`).
 */
export function nameProblem(name: unknown): string | undefined {
  if (typeof name !== 'string' || name === '') return 'is missing; give a name of letters, digits, "_" and "-"';
  if (NAME.test(name)) return undefined;
  return `${JSON.stringify(name)} may hold only letters, digits, "_" and "-"; for example ${JSON.stringify(suggestName(name))}`;
}

function suggestName(name: string): string {
  return name.replace(/[^A-Za-z0-9_-]+/g, '-').replace(/^-+|-+$/g, '') || 'my-name';
}
