import type { Discovered, EndpointInfo, InfoResponse } from '@natsmith/client';
import { announcement } from './announce';

function info(name: string, endpoints: Partial<EndpointInfo>[]): Discovered<InfoResponse> {
  return {
    type: 'io.nats.micro.v1.info_response',
    name,
    id: 'A',
    version: '1.0.0',
    metadata: {},
    rtt: 1,
    description: '',
    endpoints: endpoints.map((one) => ({ name: '', subject: '', queue_group: 'q', metadata: {}, ...one })),
  };
}

const event = { name: 'tell', subject: 'stock.*.restocked', metadata: { kind: 'event' } };

describe('what dev says of services that have started', () => {
  it('is a call to try, of the first endpoint that can be called', async () => {
    const infos = [info('mailer', [event]), info('shop', [event, { name: 'all', subject: 'orders.all' }])];
    const text = await announcement(infos);
    expect(text).toMatch(/mailer 1\.0\.0 +tell/);
    expect(text).toMatch(/try (npx )?natsmith call shop all$/);
  });

  it('is not shown where there are only handlers of events', async () => {
    expect(await announcement([info('mailer', [event])])).not.toContain('natsmith call');
  });
});
