import type { Socket } from 'node:net';
import type { ConnectOptions } from './connect';
import type { Authenticator } from './auth';
import type { Subscription } from './delivery';
import type { Settings } from './settings';
import type { SubscriptionIndex } from './subscriptions';
import { ProtocolError } from './operations';
import type { Publication } from './operations';
import { Outbox } from './outbox';
import { Parser } from './parser';
import { Session } from './session';

// Time for a client to read the last words before its socket is destroyed.
const LINGER = 500;
const MAX_PINGS_OUT = 2;

/** What all connections of one broker share. */
export interface Hub {
  readonly settings: Settings;
  readonly authenticator: Authenticator;
  readonly index: SubscriptionIndex<Subscription>;
  leave(connection: Connection): void;
  /** Somebody subscribed. */
  subscribed(): void;
  /** Told of what clients publish; undefined where nobody wants to know. */
  onPublish: ((publication: Publication) => void) | undefined;
}

/** One client's socket: bytes in, bytes out, timers, and the end of it. */
export class Connection {
  private readonly outbox: Outbox;
  private readonly session: Session;
  private readonly parser: Parser;
  private readonly pingTimer: NodeJS.Timeout;
  private readonly authTimer: NodeJS.Timeout | undefined;
  private closed = false;
  private heard = false;
  private pingsOut = 0;
  private client: object;

  constructor(
    private readonly socket: Socket,
    private readonly hub: Hub,
    readonly id: number,
  ) {
    const { settings, index, authenticator } = hub;
    this.client = { client: id, address: socket.remoteAddress };
    this.outbox = new Outbox(socket);
    this.session = new Session(this, index, authenticator);
    this.parser = new Parser(this.session, settings.maxPayload);
    this.parser.expectConnect = authenticator.required;
    this.pingTimer = setInterval(() => this.checkAlive(), settings.pingInterval).unref();
    if (authenticator.required) {
      const late = (): void => this.fail('no valid CONNECT in time', 'Authentication Timeout');
      this.authTimer = setTimeout(late, settings.authTimeout).unref();
    }
    socket.setNoDelay();
    socket.on('data', (chunk) => this.read(chunk));
    socket.on('end', () => this.close('the client left'));
    socket.on('error', (error) => this.close(error.message));
    socket.on('close', () => this.close('the socket is closed'));
    settings.logger?.debug(this.client, 'client connected');
  }

  send(line: string, payload?: Buffer): void {
    if (this.closed) return;
    this.outbox.append(line, payload);
    if (this.outbox.pending > this.hub.settings.maxPending) this.cutOff();
  }

  published(publication: Publication): void {
    this.hub.onPublish?.(publication);
  }

  warn(message: string): void {
    this.hub.settings.logger?.warn(this.client, message);
  }

  connected({ name, lang, version, headers }: ConnectOptions): void {
    clearTimeout(this.authTimer);
    this.parser.expectConnect = false;
    this.parser.headers = headers;
    this.client = { ...this.client, name, lang, version };
  }

  subscribed(): void {
    this.hub.subscribed();
  }

  answered(): void {
    this.pingsOut = 0;
  }

  /** Ends the connection because of the client: an -ERR if there is a reply, and a line in the log. */
  fail(message: string, reply?: string): void {
    this.warn(message);
    if (reply !== undefined) this.send(`-ERR '${reply}'\r\n`);
    this.close(message);
  }

  /** Sends what waits and ends the connection; harmless when it has ended. */
  close(reason: string): void {
    if (!this.release(reason)) return;
    this.outbox.end();
    const timer = setTimeout(() => this.socket.destroy(), LINGER).unref();
    this.socket.once('close', () => clearTimeout(timer));
  }

  private cutOff(): void {
    const message = `slow consumer: over ${this.hub.settings.maxPending} bytes wait for it`;
    this.warn(message);
    this.release(message);
    this.socket.destroy();
  }

  private release(reason: string): boolean {
    if (this.closed) return false;
    this.closed = true;
    this.parser.stopped = true;
    clearInterval(this.pingTimer);
    clearTimeout(this.authTimer);
    this.session.close();
    this.hub.leave(this);
    this.hub.settings.logger?.debug({ ...this.client, reason }, 'client disconnected');
    return true;
  }

  private read(chunk: Buffer): void {
    this.heard = true;
    try {
      this.parser.parse(chunk);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.fail(error.message, error.reply);
    }
  }

  private checkAlive(): void {
    const heard = this.heard;
    this.heard = false;
    if (heard) return;
    if (this.pingsOut >= MAX_PINGS_OUT) {
      this.fail(`no answer to ${MAX_PINGS_OUT} PINGs`, 'Stale Connection');
      return;
    }
    this.pingsOut++;
    this.send('PING\r\n');
  }
}
