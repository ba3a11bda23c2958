/** Client libraries of NATS that a project can use. */
export const CLIENT_LIBRARIES = {
  nats: { summary: 'nats 2' },
  '@nats-io/transport-node': { summary: 'nats.js 3', version: '^3.4.0' },
} as const satisfies Record<string, { summary: string; version?: string }>;

/** The name of a client library. */
export type ClientLibrary = keyof typeof CLIENT_LIBRARIES;

export const CLIENT_LIBRARY_NAMES = Object.keys(CLIENT_LIBRARIES) as ClientLibrary[];
