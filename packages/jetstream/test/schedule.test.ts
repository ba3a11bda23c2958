import { setTimeout as delay } from 'node:timers/promises';
import { Service } from '@natsmith/core';
import { type Connection } from '#test/connection';
import { useHosts } from '#test/hosts';
import { Log } from '#test/log';
import { onEachJetStream } from '#test/matrix';
import { until } from '#test/until';
import { Schedule, ScheduleBook, type ScheduleContext } from '../src/index';

interface Run {
  instance: string;
  at: number;
  trigger: string;
  attempt: number;
}

const runs: Run[] = [];
let act: (ctx: ScheduleContext) => unknown = () => undefined;

function makeReporter(name: string, pattern: string, options = {}) {
  @Service({ name, version: '1.0.0' })
  class Reporter {
    @Schedule(pattern, { retry: { attempts: 3, delays: ['20ms'] }, ...options })
    async report(_: undefined, ctx: ScheduleContext): Promise<void> {
      expect(_).toBeUndefined();
      const { scheduledAt, trigger, attempt, service } = ctx;
      runs.push({ instance: service.id, at: scheduledAt.getTime(), trigger, attempt });
      await act(ctx);
    }
  }
  return Reporter;
}

onEachJetStream((_server, client) => {
  describe('a schedule', () => {
    const hosts = useHosts();
    let id = 0;
    let name: string;
    let connection: Connection;
    beforeEach(async () => {
      name = `reporter-${++id}`;
      runs.length = 0;
      act = () => undefined;
      connection = await client.connect();
    });
    const start = async (pattern: string, options = {}, host = {}) =>
      hosts.start(makeReporter(name, pattern, options), { connection: await client.connect(), ...host });

    it('runs once for each tick, whatever the number of instances', async () => {
      for (let i = 0; i < 3; i++) await start('@every 1s');
      await until(() => runs.length >= 3);
      const seconds = runs.map(({ at }) => Math.round(at / 1000));
      expect(new Set(seconds).size).toBe(runs.length);
      expect(runs.every(({ trigger, attempt }) => trigger === 'schedule' && attempt === 1)).toBe(true);
    });

    it('runs again when a run fails', async () => {
      act = ({ attempt }) => {
        if (attempt === 1) throw new Error('once more');
      };
      await start('*/2 * * * * *');
      await until(() => runs.length >= 2);
      expect(runs.slice(0, 2).map(({ attempt }) => attempt)).toEqual([1, 2]);
    });

    it('does not begin anew when an instance starts with the same pattern', async () => {
      await start('0 0 1 1 *');
      const first = await definition();
      await start('0 0 1 1 *');
      expect(await definition()).toEqual(first);
      const { service } = await start('0 0 2 1 *', { timeZone: 'Europe/Berlin' });
      expect(await definition()).not.toEqual(first);
      expect(service.info().endpoints).toMatchObject([
        { name: 'report', metadata: { kind: 'schedule', schedule: '0 0 0 2 1 *', time_zone: 'Europe/Berlin' } },
      ]);
    });
    const definition = async () => {
      const { jetstreamManager } = await import('@nats-io/jetstream');
      const manager = await jetstreamManager(connection as never);
      const found = await manager.streams.getMessage('SCHEDULES', { last_by_subj: `_schedule.${name}.report` });
      return found && { seq: found.seq, pattern: found.header.get('Nats-Schedule') };
    };

    it('runs the newest of the ticks that wait, and one that somebody asks for', async () => {
      const { host } = await start('0 0 1 1 *');
      await host.stop();
      for (let i = 0; i < 3; i++) {
        await connection.request(`_tick.${name}.report`, '');
        await delay(2);
      }
      await start('0 0 1 1 *');
      await until(() => runs.length >= 1);
      await new ScheduleBook(connection).run(name, 'report');
      await until(() => runs.length >= 2);
      expect(runs.map(({ trigger }) => trigger)).toEqual(['schedule', 'manual']);
    });

    it('is changed each time that its pattern is, however soon', async () => {
      const book = new ScheduleBook(connection);
      for (const pattern of ['0 0 1 1 *', '0 0 2 1 *', '0 0 1 1 *']) {
        await start(pattern);
        expect(await book.get(name, 'report')).toMatchObject({ pattern: `0 ${pattern}`, timeZone: undefined });
      }
    });

    it('is put once by instances that start together', async () => {
      const logger = new Log();
      await Promise.all(Array.from({ length: 4 }, () => start('0 0 1 1 *', {}, { logger })));
      expect(logger.find('info', /^schedule put$/)).toHaveLength(1);
      expect(await new ScheduleBook(connection).list(name)).toHaveLength(1);
    });

    it('with a pattern of more than 200 characters is put once', async () => {
      const all = (count: number) => Array.from({ length: count }, (_, i) => i).join(',');
      const pattern = `${all(60)} ${all(24)} 1 1 *`;
      expect(pattern.length).toBeGreaterThan(200);
      await start(pattern);
      const first = await definition();
      expect(first).toMatchObject({ pattern: `0 ${pattern}` });
      await start(pattern);
      expect(await definition()).toEqual(first);
    });

    it('is put where somebody has stored something else', async () => {
      const { host } = await start('0 0 1 1 *');
      await host.stop();
      await connection.request(`_schedule.${name}.report`, '');
      expect(await definition()).toMatchObject({ pattern: '' });
      await expect(start('0 0 1 1 *', {}, { provision: 'verify' })).rejects.toThrow(
        `the schedule "report" of service "${name}" is missing on the server, not "0 0 0 1 1 *"`,
      );
      const logger = new Log();
      await start('0 0 1 1 *', {}, { logger });
      expect(logger.find('info', /^schedule put$/)).toHaveLength(1);
      expect(await definition()).toMatchObject({ pattern: '0 0 0 1 1 *' });
    });

    it('that no class names any more is warned of, and ends when it is removed', async () => {
      await start('0 0 1 1 *', { name: 'weekly' });
      const logger = new Log();
      await start('0 0 1 1 *', {}, { logger });
      expect(logger.problems).toContain(`"natsmith schedules rm ${name} weekly" ends it`);
      const book = new ScheduleBook(connection);
      expect(await book.remove(name, 'weekly')).toBe(true);
      expect(await book.remove(name, 'weekly')).toBe(false);
      expect((await book.list(name)).map((one) => one.name)).toEqual(['report']);
    });

    it('that no class names is warned of by its name alone, and a thousand of them are enough', async () => {
      await (await start('0 0 1 1 *')).host.stop();
      for (let i = 0; i < 1_100; i++) connection.publish(`_schedule.${name}.other-${i}`);
      await connection.request(`_schedule.${name}.weekly`, '');
      await connection.request(`_schedule.${name}.no:name`, '');
      const logger = new Log();
      const own = await client.connect();
      const publish = jest.spyOn(own as Pick<Connection, 'publish'>, 'publish');
      await start('0 0 1 1 *', {}, { logger, connection: own });
      const warned = logger.find('warn', /no class names this schedule any more/);
      expect(warned.length).toBeGreaterThan(900);
      expect(warned.length).toBeLessThanOrEqual(1_000);
      expect(warned).toContainEqual({ service: name, schedule: 'other-7' });
      expect(publish.mock.calls.filter(([subject]) => subject.includes('.MSG.GET.'))).toHaveLength(1);
    });

    it('may not name the durable of another one', async () => {
      @Service({ name: `${name}-daily`, version: '1.0.0' })
      class Other {
        @Schedule('0 0 1 1 *')
        report(): void {}
      }
      @Service({ name, version: '1.0.0' })
      class One {
        @Schedule('0 0 1 1 *', { name: 'daily-report' })
        report(): void {}
      }
      await expect(hosts.start([One, Other], { connection: await client.connect() })).rejects.toThrow(
        /has the durable "reporter-\d+-daily-report" of stream "SCHEDULES", as One.report has/,
      );
    });

    it.each([
      ['60 seconds', {}, /write five fields/],
      ['* * * *', {}, /write five fields/],
      ['61 5 * * *', {}, /"61" is wrong for the minutes: they go from 0 to 59/],
      ['0 5 * * 7', {}, /"7" is wrong for the days of the week: they go from 0 to 6, or SUN to SAT/],
      ['0 5 * 0,JAN *', {}, /"0" is wrong for the months/],
      ['*/0 * * * * *', {}, /"\*\/0" is wrong for the seconds/],
      ['0 5-3 * * *', {}, /"5-3" is wrong for the hours/],
      ['@every 999ms', {}, /at most once a second/],
      ['@every 1d', {}, /"@every" takes no days/],
      ['@every 10s', { timeZone: 'Europe/Berlin' }, /"@every" counts time and has no zone/],
      ['0 5 * * *', { timeZone: 'Europe/Nowhere' }, /has the time zone "Europe\/Nowhere", which nobody knows/],
      ['0 5 * * *', { missed: 'all' }, /"missed" that must be "last" or "skip", got "all"/],
      ['0 5 * * *', { timezone: 'UTC' }, /has an unknown option "timezone"; did you mean "timeZone"\?/],
    ])('with the pattern %j and %j is refused', async (pattern, options, message) => {
      await expect(start(pattern, options)).rejects.toThrow(message);
    });
  });
}, '2.14.0');
