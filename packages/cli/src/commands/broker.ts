import { Broker } from '@natsmith/broker';
import { Command } from 'commander';
import { wrongUse } from '../exit';
import { examples } from '../example';
import { untilInterrupted } from '../interrupted';
import { print, printJsonLine } from '../output/output';
import { parseWholeNumber } from '../whole-number';

interface Flags {
  host?: string;
  port: number;
  user?: string;
  password?: string;
  token?: string;
  maxPayload?: number;
  json?: boolean;
}

export function broker(): Command {
  return new Command('broker')
    .description(
      'Runs a NATS server in this process until Ctrl-C: for development, with JetStream in memory, without clustering.',
    )
    .option('-p, --port <number>', 'port to listen on; 0 for a free one', parseWholeNumber, 4222)
    .option('--host <address>', 'address to listen on (default: 127.0.0.1)')
    .option('--user <name>', 'user name that clients must give')
    .option('--password <text>', 'password of --user')
    .option('--token <text>', 'token that clients must give')
    .option('--max-payload <bytes>', 'largest message', parseWholeNumber)
    .option('--json', 'print { url, port } on one line when it is ready')
    .addHelpText('after', examples('natsmith broker', 'natsmith broker --port 0 --json'))
    .action(async ({ host, port, user, password, token, maxPayload, json }: Flags) => {
      const interrupted = untilInterrupted();
      const server = await Broker.start({ host, port, user, pass: password, token, maxPayload }).catch(
        (cause: Error) => {
          throw wrongUse(cause.message, cause);
        },
      );
      if (json) printJsonLine({ url: server.url, port: server.port });
      else print(`${server.toString()}\nCtrl-C ends it.`);
      await interrupted;
      await server.stop();
    });
}
