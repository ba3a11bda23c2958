import { Broker } from '@natsmith/broker';
import { NatsServiceFactory } from '@natsmith/core';
import { parseArgs } from 'node:util';
import { Calculator } from './calculator.service';
import { makeCalls } from './calls';
import { showDiscovery } from './discovery';

// The log's lines would stand between the tables; LOG_LEVEL=info shows them.
process.env.LOG_LEVEL ??= 'warn';

/** Runs the example, and resolves to its exit code. */
async function main(): Promise<number> {
  const { values } = parseArgs({ options: { once: { type: 'boolean' } } });
  const broker = process.env.NATS_URL ? undefined : await Broker.start();
  try {
    if (broker === undefined) console.log('Connecting to the NATS server that NATS_URL names ...');
    else {
      console.log(`NATS_URL is not set. A broker runs in this process, on ${broker.url}.`);
      process.env.NATS_URL = broker.url;
    }
    return await run(values.once === true);
  } finally {
    await broker?.stop();
  }
}

async function run(once: boolean): Promise<number> {
  // #region start
  const host = await NatsServiceFactory.create(Calculator); // connected, subscribed, discoverable
  // #endregion
  try {
    const [calculator] = host.services;
    if (calculator === undefined) throw new Error('the host runs no service');
    console.log(`The calculator runs as instance ${calculator.id}.`);

    console.log('\nCalls with the plain "nats" client, which knows nothing of natsmith');
    const wrong = await makeCalls(host.connection);
    await showDiscovery(host.connection, calculator.name, calculator.id);
    if (wrong > 0) console.error(`\n${wrong} of the calls were not answered as they should be.`);
    if (once) return wrong > 0 ? 1 : 0;

    console.log(whatNext(`nats://${host.connection.getServer()}`));
    // Ctrl-C: the host answers what is under way, then stops.
    const error = await host.stopped;
    if (error !== null) throw error;
    console.log('\nStopped.');
    return 0;
  } finally {
    await host.stop();
  }
}

function whatNext(url: string): string {
  return `
Now you, from another terminal in this folder:

  npx natsmith -s ${url} call calculator add '{"a":1,"b":2}'
  npx natsmith -s ${url} call calculator divide '{"a":1,"b":0}'
  npx natsmith -s ${url} info calculator

Or with the "nats" command (https://github.com/nats-io/natscli), as with any service of NATS:

  nats -s ${url} req math.add '{"a":1,"b":2}'
  nats -s ${url} micro stats calculator

The service is examples/01-calculator/src/calculator.service.ts: change it, and run npm start again.
Ctrl-C stops it.`;
}

main().then(
  (code) => (process.exitCode = code),
  (error: Error) => {
    console.error(`The example ends: ${error.message}`);
    process.exitCode = 1;
  },
);
