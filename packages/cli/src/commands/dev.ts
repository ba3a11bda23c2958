import { Command } from 'commander';
import { withConnectionFlags, type ConnectionFlags } from '../connection/flags';
import { compilerOptions } from '../dev/compiler';
import { findProject, watchSources } from '../dev/project';
import { findOrStartServer } from '../dev/server';
import { Session } from '../dev/session';
import { examples } from '../example';
import { paint, print } from '../output/output';

// Editors write a file in several steps.
const SETTLE = 50;

export function dev(): Command {
  const command = new Command('dev')
    .description(
      'Runs a TypeScript service with decorator metadata, and restarts it when a file of its project changes.\n' +
        'Where no NATS server answers on this machine, the in-process broker is started. Types are not checked.',
    )
    .argument('<entry>', 'the TypeScript file that starts the service')
    .argument('[args...]', 'arguments for it, after --')
    .addHelpText(
      'after',
      examples('natsmith dev src/main.ts', 'natsmith dev src/main.ts --server nats://127.0.0.1:4222'),
    )
    .action(async (entry: string, args: string[], flags: ConnectionFlags) => {
      const project = findProject(entry);
      const server = await findOrStartServer(flags);
      print(server.said);
      const session = new Session(project, compilerOptions(project), args, server.client);
      const ended = whenEnded(session);
      let timer: NodeJS.Timeout | undefined;
      const watcher = await watchSources(project, (file) => {
        clearTimeout(timer);
        timer = setTimeout(() => void session.restart(file), SETTLE);
      });
      print(paint.dim(`watching ${project.folder}; Ctrl-C ends it`));
      await session.restart();
      await ended;
      clearTimeout(timer);
      await watcher.close();
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
