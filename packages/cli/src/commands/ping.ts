import { Command } from 'commander';
import { withClient } from '../connection/connect';
import { withConnectionFlags, type ConnectionFlags } from '../connection/flags';
import { inOrder, nobody } from '../discover';
import { examples } from '../example';
import { print, printJson } from '../output/output';
import { table } from '../output/table';

export function ping(): Command {
  const command = new Command('ping')
    .description('Shows each instance that answers, and how long it took.')
    .argument('[service]', 'only this service')
    .argument('[id]', 'only this instance')
    .option('--json', 'print an array of PING replies (ADR-32), each with "rtt" in milliseconds')
    .addHelpText('after', examples('natsmith ping', 'natsmith ping calculator --json'))
    .action((name: string | undefined, id: string | undefined, flags: ConnectionFlags & { json?: boolean }) =>
      withClient(flags, async (client) => {
        const instances = await inOrder(client.ping(name, id));
        if (flags.json) printJson(instances);
        if (instances.length === 0) throw await nobody(client, name, id);
        if (flags.json) return;
        const rows = instances.map((one) => [one.name, one.version, one.id, `${one.rtt.toFixed(1)} ms`]);
        print(table(['service', 'version', 'id', { head: 'round trip', align: 'right' }], rows));
      }),
    );
  return withConnectionFlags(command);
}
