// In the place of connect.ts in bundles for browsers.
import { connectWith } from '@natsmith/protocol';
import { credsAuthenticator, nkeyAuthenticator, wsconnect } from '@nats-io/nats-core';
import type { ConnectionOptions, NatsConnection } from 'nats';

const library = { connect: wsconnect, credsAuthenticator, nkeyAuthenticator };

/** Connects over WebSocket, to `ws://` and `wss://` servers alone. */
export function connect(given?: ConnectionOptions): Promise<NatsConnection> {
  if (given?.servers === undefined)
    return Promise.reject(
      new Error('a browser does not know where NATS is; say so: connection: { servers: "wss://nats.example.com" }'),
    );
  // The connections of both libraries are alike in what natsmith uses.
  return connectWith(library, given as object) as Promise<unknown> as Promise<NatsConnection>;
}
