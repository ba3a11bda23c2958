import type { BrokerOptions } from '@natsmith/broker';

/**
 * What clients send, and every byte they get but INFO, PING and PONG; `(closed)` stands for the end of the connection.
 * With one client its bytes stand alone; with several, they are in the order in which they are sent.
 */
export interface Conversation {
  readonly name: string;
  readonly says: string | readonly (readonly [client: string, bytes: string])[];
  readonly gets: string | Readonly<Record<string, string>>;
  /** Default: no options. */
  readonly server?: BrokerOptions;
  /** The first nats-server that answers like this; older ones are not compared with. */
  readonly since?: string;
}

/** How most clients begin. */
export const HELLO = 'CONNECT {"verbose":false,"pedantic":false,"headers":true,"no_responders":true,"protocol":1}\r\n';
export const ADMIN = 'CONNECT {"verbose":false,"pedantic":false,"headers":true,"user":"admin","pass":"secret"}\r\n';
export const GUEST =
  'CONNECT {"verbose":false,"pedantic":false,"headers":true,"no_responders":true,"user":"guest","pass":"guest"}\r\n';

export const TOKEN: BrokerOptions = { token: 't0k' };
export const USERS: BrokerOptions = {
  users: [
    { user: 'admin', pass: 'secret' },
    {
      user: 'guest',
      pass: 'guest',
      permissions: {
        publish: { allow: ['open.>', '_INBOX.>'], deny: ['open.not'] },
        subscribe: { allow: ['open.*', '_INBOX.>', 'deep.>'], deny: ['open.not', 'deep.secret.>'] },
      },
    },
  ],
};
