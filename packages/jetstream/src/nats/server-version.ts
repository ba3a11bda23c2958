import type { Connection } from '@natsmith/protocol';

/** The version that the server of a connection says it has, such as `2.15.2`; `""` before it has said so. */
export function serverVersion(connection: Connection): string {
  const { version } = (connection.info ?? {}) as { version?: unknown };
  return typeof version === 'string' ? version : '';
}

/** Whether the server is of this version or a later one; one that says nothing readable counts as a later one. */
export function isAtLeast(connection: Connection, needed: string): boolean {
  const [major = NaN, minor = NaN] = numbersOf(serverVersion(connection));
  const [neededMajor = 0, neededMinor = 0] = numbersOf(needed);
  if (Number.isNaN(major) || Number.isNaN(minor)) return true;
  return major > neededMajor || (major === neededMajor && minor >= neededMinor);
}

/** What is wrong where the server of a connection is older than what is asked of it; undefined where it is not. */
export function versionProblem(connection: Connection, what: string, needed: string): string | undefined {
  if (isAtLeast(connection, needed)) return undefined;
  return `${what} needs nats-server ${needed} or later, and this is ${serverVersion(connection)}`;
}

function numbersOf(version: string): number[] {
  return version.split('.').slice(0, 2).map(Number);
}
