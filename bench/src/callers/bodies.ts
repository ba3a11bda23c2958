import { ServiceClient } from '@natsmith/client';
import { connect } from 'nats';
import { largeBody } from '../attack/large-bodies';

/** What is to be sent. */
export interface BodyAssignment {
  readonly endpoint: string;
  readonly shape: string;
  readonly mebibytes: number;
}

type Endpoints = Record<string, (body: Uint8Array) => Promise<unknown>>;

/** Sends bodies in a process of its own, so that making them holds up nobody. Answers with what came back. */
async function main(): Promise<void> {
  const client = new ServiceClient(await connect({ servers: process.env.NATS_URL ?? '' }));
  const service = (await client.service('bodies', { timeout: 60_000 })) as unknown as Endpoints;
  process.on('message', ({ endpoint, shape, mebibytes }: BodyAssignment) => {
    const body = largeBody(shape, mebibytes);
    void service[endpoint]?.(body).then(
      () => process.send?.('accepted'),
      (error: Error) => process.send?.(error.message),
    );
  });
  process.on('disconnect', () => process.exit());
  process.send?.('ready');
}

void main();
