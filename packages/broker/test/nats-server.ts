import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { BrokerOptions } from '@natsmith/broker';
import { findNatsServer } from '@natsmith/testing';

/** The nats-server to compare with: NATS_SERVER, or the one on the PATH. */
export const natsServer = findNatsServer();

/** A real server on a free port, set up as the broker would be. */
export class RealServer {
  private constructor(
    private readonly child: ChildProcess,
    private readonly folder: string,
    readonly port: number,
  ) {}

  static async start(options: BrokerOptions): Promise<RealServer> {
    if (!natsServer) throw new Error('There is no nats-server: set NATS_SERVER to its path, or put it on the PATH');
    const folder = await mkdtemp(join(tmpdir(), 'natsmith-broker-'));
    const config = join(folder, 'server.conf');
    await writeFile(config, JSON.stringify(toConfig(options)));
    const child = spawn(natsServer, ['-c', config, '-a', '127.0.0.1', '-p', '-1'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    for await (const line of createInterface({ input: child.stderr })) {
      const port = /Listening for client connections on 127\.0\.0\.1:(\d+)/.exec(line)?.[1];
      if (!port) continue;
      child.stderr.resume();
      return new RealServer(child, folder, Number(port));
    }
    throw new Error(`nats-server stopped before it was listening; its configuration: ${config}`);
  }

  async stop(): Promise<void> {
    this.child.kill('SIGKILL');
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit');
    await rm(this.folder, { recursive: true });
  }
}

function toConfig({ token, users, authTimeout = 2000, maxPayload, maxConnections }: BrokerOptions): object {
  return {
    max_payload: maxPayload,
    max_connections: maxConnections,
    authorization: token || users ? { token, users, timeout: authTimeout / 1000 } : undefined,
  };
}
