import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, isIPv6, type Server, type Socket } from 'node:net';
import { Authenticator } from './auth';
import { Connection, type Hub } from './connection';
import { JetStream } from './jetstream/jetstream';
import { VERSION } from './jetstream/level';
import type { BrokerOptions } from './options';
import { readOptions, type Settings } from './settings';
import { SubscriptionIndex } from './subscriptions';

// Turns of the event loop in which clients of this process hear what rang, and say what follows.
const TURNS_TO_SETTLE = 8;

/** Deno calls what setImmediate is given before it looks at its sockets. */
const nextTurn: (then: () => void) => void = 'Deno' in globalThis ? (then) => setTimeout(then, 0) : setImmediate;

/** A message as a client has published it. */
export interface PublishedMessage {
  readonly subject: string;
  /** The header block with its first line (`NATS/1.0`); `""` for none. */
  readonly headers: string;
  readonly data: Uint8Array;
}

/**
 * A NATS server inside this process, for development and tests: the core client protocol over TCP, and JetStream in
 * memory, without clustering, persistence or TLS.
 */
export class Broker implements AsyncDisposable {
  /** The port it listens on. */
  readonly port: number;
  /** Where clients connect to: `nats://127.0.0.1:PORT`. */
  readonly url: string;
  private readonly clients = new Set<Connection>();
  private readonly info: object;
  private readonly hub: Hub;
  private readonly jetstream: JetStream | undefined;
  private lastId = 0;
  private stopping: Promise<void> | undefined;

  private constructor(
    private readonly server: Server,
    settings: Settings,
  ) {
    this.port = (server.address() as AddressInfo).port;
    this.url = `nats://${reachable(settings.host)}:${this.port}`;
    this.hub = {
      settings,
      authenticator: new Authenticator(settings),
      index: new SubscriptionIndex(),
      leave: (connection) => this.clients.delete(connection),
      subscribed: () => this.jetstream?.interestChanged(),
      onPublish: undefined,
    };
    const warn = (details: object, message: string): void => settings.logger?.warn(details, message);
    this.jetstream = settings.jetstream ? new JetStream(this.hub.index, warn) : undefined;
    this.info = {
      server_id: randomUUID(),
      server_name: 'natsmith-broker',
      version: VERSION,
      proto: 1,
      host: settings.host,
      port: this.port,
      headers: true,
      jetstream: this.jetstream !== undefined || undefined,
      auth_required: this.hub.authenticator.required || undefined,
      max_payload: settings.maxPayload,
    };
    server.on('connection', (socket) => this.accept(socket));
    // A client that cannot be accepted, because file descriptors ran out, does not fail the others.
    server.on('error', (error) => settings.logger?.warn({ error }, 'a client could not be accepted'));
  }

  /**
   * Starts a broker and resolves when it accepts clients.
   * Rejects with a TypeError for wrong options, or with an error whose `code` says why it cannot listen (EADDRINUSE).
   */
  static async start(options: BrokerOptions = {}): Promise<Broker> {
    const settings = readOptions(options);
    // Half-open, so that a client that closes its side first still gets its answers.
    const server = createServer({ allowHalfOpen: true });
    server.listen(settings.port, settings.host);
    await once(server, 'listening').catch((cause: NodeJS.ErrnoException) => {
      throw refusal(cause, settings);
    });
    return new Broker(server, settings);
  }

  /** The number of clients that are connected. */
  get connections(): number {
    return this.clients.size;
  }

  /** What this is and where, in one line for people. */
  toString(): string {
    const streams = this.jetstream ? 'JetStream in memory, forgotten at its end' : 'no JetStream';
    return `natsmith broker (in-process, for development and tests; ${streams}; no clustering or persistence) on ${this.url}`;
  }

  /**
   * Hears of each message that a client publishes, from now on, for tests: unlike a subscription it does not count as one
   * who listens, so that requesters still learn that nobody does. A second call takes the place of the first.
   */
  onPublish(listener: (message: PublishedMessage) => void): void {
    this.hub.onPublish = ({ subject, headerSize, frame }) => {
      const headers = frame.toString('utf8', 0, headerSize);
      // A copy: the frame is part of what was read from a socket.
      listener({ subject, headers, data: Buffer.from(frame.subarray(headerSize, frame.length - 2)) });
    };
  }

  /**
   * Moves the time of JetStream ahead: what is due on the way happens in order, each at its own time.
   * @param ms how far
   * @param settled awaited after each thing that happened; default: some turns of the event loop
   */
  async advance(ms: number, settled: () => Promise<void> = settle): Promise<void> {
    if (!Number.isFinite(ms) || ms < 0) throw new TypeError(`advance: ms must be a positive number, got ${ms}`);
    if (!this.jetstream) throw new Error('advance: this broker has no JetStream; start it without "jetstream: false"');
    await this.jetstream.clock.advance(ms, settled);
  }

  /** Closes the port and every connection, and resolves when all sockets are closed; clients try to reconnect. */
  stop(): Promise<void> {
    this.stopping ??= new Promise((resolve) => {
      this.server.close(() => resolve());
      this.jetstream?.stop();
      for (const client of this.clients) client.close('the broker stops');
    });
    return this.stopping;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  private accept(socket: Socket): void {
    const id = ++this.lastId;
    const connection = new Connection(socket, this.hub, id);
    connection.send(`INFO ${JSON.stringify({ ...this.info, client_id: id, client_ip: socket.remoteAddress })} \r\n`);
    if (this.clients.size < this.hub.settings.maxConnections) this.clients.add(connection);
    else connection.fail('too many clients', 'maximum connections exceeded');
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < TURNS_TO_SETTLE; turn++) await new Promise<void>(nextTurn);
}

function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  return isIPv6(host) ? `[${host === '::' ? '::1' : host}]` : host;
}

const NOT_OURS = 'the host is not an address of this machine: choose another host, such as 127.0.0.1';

function refusal(cause: NodeJS.ErrnoException, { host, port }: Settings): Error {
  const advice: Record<string, string> = {
    EADDRINUSE: 'the port is in use: stop what listens there, choose another port, or leave port out for a free one',
    EADDRNOTAVAIL: NOT_OURS,
    EINVAL: NOT_OURS, // in Deno
    EACCES: 'the port is reserved: choose one above 1023, or leave port out for a free one',
  };
  const { code = '' } = cause;
  const error = new Error(`The broker cannot listen on ${host}:${port}, ${advice[code] ?? cause.message} (${code})`, {
    cause,
  });
  return Object.assign(error, { code });
}
