import { Endpoint, Service, ServiceError } from '@natsmith/core';
import { type InfoResponse, type StatsResponse } from '@natsmith/protocol';
import { startServer } from '@natsmith/testing';
import { IsString } from 'class-validator';
import { connect } from 'nats';
import { setTimeout as delay } from 'node:timers/promises';
import { onEachServerKind } from '#test/matrix';
import { useHosts } from '#test/hosts';
import { Log } from '#test/log';

class Text {
  @IsString({ message: 'x'.repeat(10) }) text!: string;
}

@Service({ name: 'wordy', version: '1.0.0', description: 'd'.repeat(2000), metadata: { team: 't'.repeat(2000) } })
class Wordy {
  @Endpoint({ name: 'first', subject: '{id}.first', description: 'e'.repeat(2000) })
  one(_: Text): string {
    return 'one';
  }
  @Endpoint({ description: 'short' })
  two(_: Text): void {
    throw new ServiceError(409, 'r'.repeat(1024));
  }
}

onEachServerKind('after a reconnect', (kind) => {
  const hosts = useHosts();

  it('INFO and STATS are made to fit a max_payload that is lower, and are whole again when it rises', async () => {
    const log = new Log();
    let server = await startServer(kind, { maxPayload: 64 * 1024 });
    const { port } = server;
    const replaceServer = async (maxPayload: number): Promise<void> => {
      await server.stop();
      server = await startServer(kind, { port, maxPayload });
      while (host.connection.info?.max_payload !== maxPayload) await delay(10);
      await host.connection.flush();
    };
    const ask = async <T>(subject: string): Promise<T> => {
      const client = await connect({ servers: server.url });
      const reply = await client.request(subject, '', { timeout: 5000 });
      await client.close();
      return reply.json<T>();
    };
    const connection = { servers: server.url, reconnectTimeWait: 20, reconnectJitter: 0 };
    const { host } = await hosts.start(Wordy, { connection, logger: log });
    const whole = await ask<InfoResponse>('$SRV.INFO.wordy');
    await ask('two').catch(() => undefined);
    expect(whole.endpoints[0]?.metadata).toHaveProperty('request_schema');
    expect(whole.description).toHaveLength(2000);

    await replaceServer(2048);
    const fitted = await ask<InfoResponse>('$SRV.INFO.wordy');
    expect(fitted).toMatchObject({ name: 'wordy', description: '', metadata: {} });
    expect(fitted.endpoints.map(({ name, subject }) => [name, subject])).toEqual([
      ['first', '*.first'],
      ['two', 'two'],
    ]);
    expect(fitted.endpoints[0]?.metadata).toEqual({ method: 'one', subject_template: '{id}.first' });
    expect((await ask<StatsResponse>('$SRV.STATS.wordy')).metadata).toEqual({});
    expect(log.find('warn', /INFO is over max_payload; the description and metadata of the service/)).toHaveLength(1);
    expect(log.find('warn', /INFO is over max_payload; the schemas of endpoint "first"/)).toHaveLength(1);
    expect(log.find('warn', /STATS is over max_payload/)).toHaveLength(1);

    await replaceServer(64 * 1024);
    expect(await ask('$SRV.INFO.wordy')).toEqual(whole);
    await host.stop();
    await server.stop();
  });
});
