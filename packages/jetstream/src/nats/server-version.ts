import type { Connection } from '@natsmith/protocol';

/** The version that the server of a connection says it has, such as `2.15.2`; `""` before it has said so. */
export function serverVersion(connection: Connection): string {
  const { version } = (connection.info ?? {}) as { version?: unknown };
  return typeof version === 'string' ? version : '';
}

/** Whether the server is of this version or a later one; one that says nothing readable is taken for a late one. */
export function isAtLeast(connection: Connection, needed: string): boolean {
  const [major = NaN, minor = NaN] = numbersOf(serverVersion(connection));
  const [neededMajor = 0, neededMinor = 0] = numbersOf(needed);
  if (Number.isNaN(major) || Number.isNaN(minor)) return true;
  return major > neededMajor || (major === neededMajor && minor >= neededMinor);
}

function numbersOf(version: string): number[] {
  return version.split('.').slice(0, 2).map(Number);
}
