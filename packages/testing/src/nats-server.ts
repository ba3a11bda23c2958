import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { endWithThisProcess } from './end-with-this-process';
import { findNatsServer } from './find-nats-server';
import { type ServerOptions, type TestServer } from './server';

/** What a real server understands beyond the options of every test server. */
export interface NatsServerOptions extends ServerOptions {
  /** More lines for the server's configuration file, in the syntax of nats-server. */
  config?: string;
  /** Makes the server part of a cluster, with the route URLs of servers to join; see {@link startCluster}. */
  cluster?: { name: string; routes: string[] };
  /** The program to run; default: {@link findNatsServer}. */
  binary?: string;
}

const START_TIMEOUT = 10_000;
const STOP_TIMEOUT = 5_000;
const CONFIG_FILE = 'nats-server.conf';

/** A real nats-server in a process of its own, on 127.0.0.1, which ends with the process that started it. */
export class NatsServer implements TestServer {
  readonly kind = 'nats-server';
  #child: ChildProcess | undefined;
  #folder: string | undefined;
  #store: string | undefined;
  #output = '';
  #port: number;
  #routePort = -1;

  private constructor(
    private binary: string,
    private options: NatsServerOptions,
  ) {
    this.#port = options.port || -1;
  }

  /** Starts a server and resolves when clients can connect; rejects with what the server wrote when it does not start. */
  static async start(options: NatsServerOptions = {}): Promise<NatsServer> {
    const binary = options.binary ?? findNatsServer();
    if (binary === undefined) {
      throw new Error('no nats-server found: put one on PATH, or name it in NATS_SERVER, or test against the broker');
    }
    const server = new NatsServer(binary, options);
    await server.#launch();
    return server;
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `nats://127.0.0.1:${this.#port}`;
  }

  /** Where other servers of the cluster join this one. */
  get route(): string {
    return `nats-route://127.0.0.1:${this.#routePort}`;
  }

  /** The server's process id; undefined while it does not run. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** The server's log since its first start. */
  get output(): string {
    return this.#output;
  }

  async stop(): Promise<void> {
    const forced = setTimeout(() => this.#signal('SIGKILL'), STOP_TIMEOUT);
    await this.#end('SIGTERM');
    clearTimeout(forced);
    if (this.#store !== undefined) rmSync(this.#store, { recursive: true, force: true });
    this.#store = undefined;
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** @param binary another program to run from now on, as an upgrade does */
  async restart(binary = this.binary): Promise<void> {
    const store = this.#store;
    this.#store = undefined;
    await this.stop();
    this.#store = store;
    this.binary = binary;
    await this.#launch();
  }

  /** Gives the running server other options, as an administrator does: clients stay connected where they may. */
  async reload(options: Omit<NatsServerOptions, 'port' | 'cluster' | 'binary'>): Promise<void> {
    if (this.#child === undefined || this.#folder === undefined) throw new Error('the server does not run');
    this.options = { ...options, port: this.#port, cluster: this.options.cluster };
    const before = this.#output.length;
    writeFileSync(join(this.#folder, CONFIG_FILE), this.#config(this.#folder));
    this.#signal('SIGHUP');
    const deadline = Date.now() + START_TIMEOUT;
    for (;;) {
      const said = this.#output.slice(before);
      if (/Reloaded server configuration/.test(said)) return;
      if (/Failed to reload/.test(said) || Date.now() > deadline)
        throw new Error(`the server did not take its new configuration; it wrote:\n${said}`);
      await delay(5);
    }
  }

  /** Puts the server into lame duck mode: it asks its clients to move, and ends. */
  lameDuck(): void {
    this.#signal('SIGUSR2');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #launch(): Promise<void> {
    const folder = mkdtempSync(join(tmpdir(), 'natsmith-server-'));
    this.#folder = folder;
    try {
      const file = join(folder, CONFIG_FILE);
      writeFileSync(file, this.#config(folder));
      const child = spawn(this.binary, ['-c', file], { stdio: ['ignore', 'ignore', 'pipe'] });
      child.stderr.setEncoding('utf8').on('data', (text: string) => (this.#output += text));
      await once(child, 'spawn');
      this.#child = child;
      child.once('close', () => {
        rmSync(folder, { recursive: true, force: true });
        if (this.#child === child) this.#child = undefined;
      });
      endWithThisProcess(child);
      await this.#waitUntilReady(folder, child);
    } catch (error) {
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  #config(folder: string): string {
    const { user, pass, token, users, maxPayload, jetstream, cluster, config } = this.options;
    const lines = [`listen: "127.0.0.1:${this.#port}"`, `ports_file_dir: ${JSON.stringify(folder)}`];
    if (maxPayload !== undefined) lines.push(`max_payload: ${maxPayload}`);
    if (users ?? user ?? token) {
      const many = users?.map(({ user, pass, permissions }) => ({ user, password: pass, permissions }));
      lines.push(`authorization: ${JSON.stringify({ users: many, user, password: pass, token })}`);
    }
    if (cluster) {
      lines.push(`cluster: ${JSON.stringify({ ...cluster, listen: `127.0.0.1:${this.#routePort}` })}`);
    }
    if (jetstream) {
      this.#store ??= mkdtempSync(join(tmpdir(), 'natsmith-jetstream-'));
      lines.push(`jetstream: { store_dir: ${JSON.stringify(this.#store)} }`);
    }
    if (config !== undefined) lines.push(config);
    return lines.join('\n') + '\n';
  }

  // The server writes its ports file once it listens: that file is both the ports and the sign that it is ready.
  async #waitUntilReady(folder: string, child: ChildProcess): Promise<void> {
    const deadline = Date.now() + START_TIMEOUT;
    while (this.#child === child) {
      const ports = readPorts(folder);
      if (ports) {
        this.#port = ports.client;
        this.#routePort = ports.route ?? -1;
        return;
      }
      if (Date.now() > deadline) {
        await this.kill();
        throw new Error(`${this.binary} was not ready within ${START_TIMEOUT} ms; it wrote:\n${this.#output}`);
      }
      await delay(5);
    }
    throw new Error(
      `${this.binary} ended with exit code ${child.exitCode} instead of serving; it wrote:\n${this.#output}`,
    );
  }

  // By its id: Deno considers a child ended after any signal that its own kill() sent.
  #signal(signal: NodeJS.Signals): void {
    const child = this.#child;
    // The id of a process that has ended may be another one's by now.
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    try {
      process.kill(child.pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error; // it ended a moment ago
    }
  }

  async #end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (!child) return;
    child.ref();
    const closed = once(child, 'close');
    this.#signal(signal);
    await closed;
  }
}

function readPorts(folder: string): { client: number; route?: number } | undefined {
  const file = readdirSync(folder).find((name) => name.endsWith('.ports'));
  if (file === undefined) return undefined;
  try {
    const ports = JSON.parse(readFileSync(join(folder, file), 'utf8')) as { nats: string[]; cluster?: string[] };
    return { client: portOf(ports.nats)!, route: portOf(ports.cluster) };
  } catch {
    return undefined; // still being written
  }
}

function portOf(urls: string[] | undefined): number | undefined {
  return urls?.[0] === undefined ? undefined : Number(new URL(urls[0]).port);
}
