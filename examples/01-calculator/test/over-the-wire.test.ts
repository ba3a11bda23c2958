import { onEachServerAndClient } from '#test/matrix';
import { NatsServiceFactory, type NatsServiceHost } from '@natsmith/core';
import type { Connection, Message } from '../../../test/connection';
import { Calculator } from '../src/calculator.service';

onEachServerAndClient((server, client) => {
  let host: NatsServiceHost;
  let connection: Connection;

  beforeEach(async () => {
    host = await NatsServiceFactory.create(Calculator, {
      connection: { servers: server.url },
      logger: false,
      signals: false,
    });
    connection = await client.connect();
  });
  afterEach(() => host.stop());

  const ask = (subject: string, payload: string): Promise<Message> =>
    connection.request(subject, payload, { timeout: 2000 });
  const errorOf = ({ headers }: Message): [string | undefined, string | undefined] => [
    headers?.get('Nats-Service-Error-Code'),
    headers?.get('Nats-Service-Error'),
  ];

  it('given plain JSON, replies with plain JSON and no headers', async () => {
    const reply = await ask('math.add', '{"a":1,"b":2}');
    expect(reply.string()).toBe('3');
    expect(reply.headers).toBeUndefined();
    expect((await ask('math.divide', '{"a":1,"b":8}')).string()).toBe('0.125');
  });

  it('given a division by zero, replies with its code, description and data', async () => {
    const reply = await ask('math.divide', '{"a":1,"b":0}');
    expect(errorOf(reply)).toEqual(['400', 'division by zero']);
    expect(reply.json()).toEqual({ a: 1 });
  });

  it('given a payload that is not a pair of numbers, names every violation', async () => {
    const reply = await ask('math.add', '{"a":"one"}');
    expect(errorOf(reply)).toEqual(['400', 'validation failed']);
    expect(reply.json()).toEqual([
      { path: 'a', constraints: { isNumber: expect.stringContaining('a must be a number') as string } },
      { path: 'b', constraints: { isNumber: expect.stringContaining('b must be a number') as string } },
    ]);
  });

  it('shows tools what it is, where its endpoints are and what they take', async () => {
    const info = (await ask('$SRV.INFO.calculator', '')).json<{ endpoints: { metadata: Record<string, string> }[] }>();
    expect(info).toMatchObject({
      type: 'io.nats.micro.v1.info_response',
      name: 'calculator',
      version: '1.0.0',
      description: 'Arithmetic over NATS',
      endpoints: [
        { name: 'add', subject: 'math.add', queue_group: 'q' },
        { name: 'divide', subject: 'math.divide', queue_group: 'q' },
      ],
    });
    expect(JSON.parse(info.endpoints[0]?.metadata.request_schema ?? '')).toMatchObject({
      properties: { a: { type: 'number' }, b: { type: 'number' } },
      required: ['a', 'b'],
    });
  });
});
