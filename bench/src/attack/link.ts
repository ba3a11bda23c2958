import { ServiceClient } from '@natsmith/client';
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from 'nats';
import type { Program } from '../endurance/program';
import { ServiceProcess } from '../service-process';
import { SilentProxy } from './silent-proxy';

/** Milliseconds. */
const NOTICED_WITHIN = 30_000;
const BACK_WITHIN = 30_000;

/** A link that swallows everything without a word: service and client notice, and are back when it is sound again. */
export const link: Program = async (server, { tell }) => {
  const ways = [await SilentProxy.open(server.port), await SilentProxy.open(server.port)] as const;
  const [serviceWay, clientWay] = ways;
  const service = await ServiceProcess.start('attacked', '', serviceWay.port, '');
  const client = await ServiceClient.connect({ connection: { servers: `127.0.0.1:${clientWay.port}` }, timeout: 500 });
  const direct = await connect({ servers: server.url });
  const answers = (): Promise<unknown> => direct.request('add', '{"a":1,"b":2}', { timeout: 500 });
  const misses: string[] = [];
  const figures: Record<string, string> = {};
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
  try {
    await answers();
    await client.call('add', { a: 1, b: 2 });
    for (const way of ways) way.swallow();
    const silentAt = performance.now();
    const isNoticed = (): boolean => ways.every(({ noticedAfter }) => noticedAfter.length > 0);
    while (!isNoticed() && performance.now() - silentAt < NOTICED_WITHIN + 5_000) await delay(50);
    for (const [who, way] of [
      ['service', serviceWay],
      ['client', clientWay],
    ] as const) {
      const [after = Infinity] = way.noticedAfter;
      figures[`the ${who} notices a dead link after (aim 30 s)`] = seconds(after);
      if (after > NOTICED_WITHIN) misses.push(`the ${who} has not noticed a dead link within 30 s`);
      tell(`link: the ${who} has noticed after ${seconds(after)}`);
    }
    for (const way of ways) way.heal();
    const healedAt = performance.now();
    for (const [who, attempt] of [
      ['service', answers],
      ['client', () => client.call('add', { a: 1, b: 2 })],
    ] as const) {
      let isBack = false;
      while (!isBack && performance.now() - healedAt < BACK_WITHIN) {
        isBack = await attempt().then(
          () => true,
          () => false,
        );
        if (!isBack) await delay(50);
      }
      figures[`the ${who} is back after the link has healed, after`] = seconds(performance.now() - healedAt);
      if (!isBack) misses.push(`the ${who} is not back within 30 s`);
    }
    if (!service.isRunning) misses.push('the service has ended');
    return { figures, misses };
  } finally {
    for (const way of ways) way.close();
    await client.close();
    await direct.close();
    await service.end('SIGKILL');
  }
};
