/**
 * What this client needs of the service "greeter". Where the service's class is at hand, there is nothing to write:
 * `import type { Greeter } from ...` types the calls as well.
 */
export interface Greeter {
  hello(person: { name: string }): string;
}
