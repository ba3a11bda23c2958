import { ServiceBroker, type Context } from 'moleculer';
import { ready, subject, url, type Two } from './process';

async function main(): Promise<void> {
  const nodeID = subject.replace('MOL.REQ.', '');
  const broker = new ServiceBroker({ nodeID, transporter: url, logger: false, metrics: false, tracing: false });
  broker.createService({ name: 'bench', actions: { add: ({ params }: Context<Two>) => params.a + params.b } });
  await broker.start();
  ready();
}

void main();
