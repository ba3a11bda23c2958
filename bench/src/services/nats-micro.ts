import { Microservice, NatsBroker, type Request, type Response } from 'nats-micro';
import { ready, subject, url, type Two } from './process';

async function main(): Promise<void> {
  const broker = await new NatsBroker({ servers: url, name: 'bench' }).connect();
  await Microservice.create(broker, {
    name: 'bench',
    description: 'bench',
    version: '1.0.0',
    methods: {
      add: {
        subject,
        handler: (request: Request<Two>, response: Response<number>) => response.send(request.data.a + request.data.b),
      },
    },
  });
  ready();
}

void main();
