import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { withConnectionFlags, type ConnectionFlags } from '../connection/flags';
import { EnvironmentFile } from '../dev/environment-file';
import { inspectFlags } from '../dev/inspect';
import { needsNode } from '../dev/node-alone';
import { findProject } from '../dev/project';
import { findOrStartServer } from '../dev/server';
import { Session } from '../dev/session';
import { examples } from '../example';
import { paint, print } from '../output/output';

interface Flags extends ConnectionFlags {
  inspect?: string | true;
  inspectBrk?: string | true;
  jetstream?: boolean;
}

export function dev(): Command {
  const command = new Command('dev')
    .description(
      'Runs a TypeScript service with decorator metadata, and restarts it when one of its sources changes.\n' +
        'Where no NATS server answers on this machine, the in-process broker is started. Types are not checked.',
    )
    .argument('<entry>', 'the TypeScript file that starts the service')
    .argument('[args...]', 'arguments for it, after --')
    .option('--inspect [address]', 'open the debugger port, as --inspect=9229 (with "=")')
    .option('--inspect-brk [address]', 'the same, and wait for a debugger before the first line')
    .option('--jetstream', 'where no server answers, start a nats-server with JetStream and a temporary store')
    .addHelpText(
      'after',
      examples(
        'natsmith dev src/main.ts',
        'natsmith dev src/main.ts --jetstream',
        'natsmith dev src/main.ts --server nats://127.0.0.1:4222',
      ),
    )
    .action(async (entry: string, args: string[], flags: Flags) => {
      needsNode(entry);
      const project = findProject(entry);
      const variables = new EnvironmentFile(project.folder);
      const server = await findOrStartServer(flags, variables.read());
      print(server.said);
      const cache = mkdtempSync(join(tmpdir(), 'natsmith-dev-'));
      const nodeFlags = inspectFlags(flags);
      const session = new Session(
        { project, args, nodeFlags, session: { pid: process.pid, cache } },
        variables,
        server.client,
      );
      const ended = whenEnded(session);
      print(paint.dim('watching what it loads; Ctrl-C ends it'));
      await session.restart();
      await ended;
      rmSync(cache, { recursive: true, force: true });
      await server.stop();
    });
  return withConnectionFlags(command);
}

/** Resolves when a signal came, and the service has ended. */
function whenEnded(session: Session): Promise<void> {
  return new Promise((resolve) => {
    let attempts = 0;
    const onSignal = (): void => void session.stop(++attempts).then(resolve);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  });
}
