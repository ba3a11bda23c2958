import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { natsServerIsOlderThan, useServer } from '#test/matrix';
import { findNatsServer } from '@natsmith/testing';
import { connect, createInbox, headers, type NatsConnection } from 'nats';
import { useNatsmith } from './command';

describe('the command, for JetStream', () => {
  const server = useServer(
    findNatsServer() !== undefined && !natsServerIsOlderThan('2.14.0') ? 'nats-server' : 'broker',
    { jetstream: true },
  );
  const natsmith = useNatsmith(server);
  let connection: NatsConnection;

  const api = async (name: string, body?: object) =>
    (await connection.request(`$JS.API.${name}`, body && JSON.stringify(body))).json<Record<string, unknown>>();
  const stream = (name: string, subjects: string[], more: object = {}) =>
    api(`STREAM.CREATE.${name}`, { name, subjects, storage: 'memory', ...more });
  /** A dead letter as a consumer writes it. */
  const bury = async (sequence: number, more: Record<string, string> = {}, body = '{"total":5}') => {
    const lines = headers();
    const all = {
      'Natsmith-Stream': 'ORDERS',
      'Natsmith-Sequence': String(sequence),
      'Natsmith-Consumer': 'mailer-mail',
      'Natsmith-Subject': 'orders.1.placed',
      'Natsmith-Attempts': '5',
      'Natsmith-Code': '500',
      'Natsmith-Description': 'internal error',
      'Natsmith-Time': '2026-11-26T01:00:00.000Z',
      'Natsmith-Original-Nats-Msg-Id': 'orders.1.placed:a',
      traceparent: '00-1',
      ...more,
    };
    for (const [name, value] of Object.entries(all)) lines.set(name, value);
    await connection.request(`dead.ORDERS.mailer-mail.${sequence}`, Buffer.from(body), {
      headers: lines,
      timeout: 2_000,
    });
  };

  beforeEach(async () => {
    connection = await connect({ servers: server.url });
    for (const name of ['ORDERS', 'DEAD_LETTERS']) await api(`STREAM.DELETE.${name}`);
  });
  afterEach(() => connection.close());

  describe('streams', () => {
    let folder = '';
    let entry = '';
    beforeAll(() => {
      folder = mkdtempSync(join(__dirname, 'streams-'));
      entry = join(folder, 'events.ts');
      writeFileSync(
        entry,
        `import { event, unchecked } from '@natsmith/core';
import { eventStream } from '@natsmith/jetstream';

const OrderPlaced = event('orders.{id}.placed', unchecked<number>());
export const Orders = eventStream('ORDERS', { events: [OrderPlaced], storage: 'memory', maxMessages: 100 });
void Promise.reject(new Error('a program that fails when it starts'));
`,
      );
      writeFileSync(join(folder, 'none.ts'), 'export {};\n');
      writeFileSync(
        join(folder, 'service.ts'),
        `import { Service } from '@natsmith/core';
import { bucket, key, Schedule } from '@natsmith/jetstream';

export const Config = bucket('config', { keys: [key('mode', 'unchecked')], history: 5, storage: 'memory' });
@Service({ name: 'reporter', version: '1.0.0' })
class Reporter {
  @Schedule('0 5 1 1 *') nightly(): void {}
}
`,
      );
    });
    afterAll(() => rmSync(folder, { recursive: true }));

    it('diff shows what is missing, and ends with 1', async () => {
      const { code, stdout } = await natsmith(['streams', 'diff', entry]);
      expect(code).toBe(1);
      expect(stdout).toMatch(/^stream +field +declared +on the server/);
      expect(stdout).toMatch(/ORDERS +stream +orders\.\*\.placed +does not exist +created by ensure/);
    });

    it('diff is the default action', async () => {
      expect((await natsmith(['streams'], { cwd: folder })).stderr).toMatch(/name the file that declares the streams/);
    });

    it('of ES modules are found, and a program that starts at the top of one is not started', async () => {
      const modules = join(folder, 'modules');
      mkdirSync(join(modules, 'src'), { recursive: true });
      writeFileSync(join(modules, 'package.json'), '{ "type": "module" }');
      writeFileSync(join(modules, 'src/events.ts'), readFileSync(entry));
      writeFileSync(
        join(modules, 'src/main.ts'),
        `import { NatsServiceFactory } from '@natsmith/core';
import { Orders } from './events.ts';

await NatsServiceFactory.create([]);
throw new Error(Orders.name);
`,
      );
      const { code, stdout, stderr } = await natsmith(['streams', 'diff'], { cwd: modules });
      expect(stderr).toBe('');
      expect([code, stdout]).toEqual([1, expect.stringMatching(/ORDERS +stream +orders\.\*\.placed +does not exist/)]);
    });

    it('of a program with a copy of natsmith of its own are found, and it is not started either', async () => {
      const modules = join(folder, 'copy');
      const copy = join(modules, 'node_modules/@natsmith/core');
      cpSync(join(__dirname, '../../core/dist'), join(copy, 'dist'), { recursive: true });
      cpSync(join(__dirname, '../../core/package.json'), join(copy, 'package.json'));
      writeFileSync(join(modules, 'package.json'), '{ "type": "module" }');
      writeFileSync(join(modules, 'events.ts'), readFileSync(entry));
      writeFileSync(
        join(modules, 'main.ts'),
        `import { NatsServiceFactory } from '@natsmith/core';
import './events.ts';

await NatsServiceFactory.create([]);
`,
      );
      const { stdout, stderr } = await natsmith(['streams', 'diff', 'main.ts'], { cwd: modules });
      expect(stderr).toBe('');
      expect(stdout).toMatch(/ORDERS +stream +orders\.\*\.placed +does not exist/);
    });

    it('that a program declares after it asked for its services are found', async () => {
      const program = join(folder, 'late.ts');
      writeFileSync(
        program,
        `import { NatsServiceFactory } from '@natsmith/core';
import { eventStream } from '@natsmith/jetstream';

void NatsServiceFactory.create([]);
eventStream('LATE', { subjects: ['late'] });
`,
      );
      expect((await natsmith(['streams', 'diff', program])).stdout).toMatch(/LATE +stream +late +does not exist/);
    });

    it('of a program that cannot be loaded are not compared, and its error is shown', async () => {
      const program = join(folder, 'broken.mts');
      writeFileSync(program, "throw new Error('no settings');\n");
      const { code, stderr } = await natsmith(['streams', 'diff', program]);
      expect(code).toBe(2);
      expect(stderr).toMatch(/Error: no settings[^]*broken\.mts could not be loaded/);
    });

    it('ensure creates it, and then diff finds nothing and ends with 0', async () => {
      expect(await natsmith(['streams', 'ensure', entry])).toMatchObject({ code: 0, stdout: 'ORDERS created\n' });
      expect(await natsmith(['streams', 'diff', entry])).toMatchObject({
        code: 0,
        stdout: 'everything is as it is declared\n',
      });
      expect(JSON.parse((await natsmith(['streams', 'diff', entry, '--json'])).stdout)).toEqual([]);
    });

    it('ensure leaves what it would shrink, and --prune shrinks it', async () => {
      await stream('ORDERS', ['orders.>'], { max_msgs: 500 });
      const { code, stderr } = await natsmith(['streams', 'ensure', entry]);
      expect(code).toBe(0);
      expect(stderr).toMatch(/stream "ORDERS": maxMessages is 500, declared is 100: left; ensure --prune shrinks it/);
      const pruned = await natsmith(['streams', 'ensure', '--prune', '--json', entry]);
      expect(JSON.parse(pruned.stdout)).toMatchObject([{ stream: 'ORDERS', outcome: 'updated', left: [] }]);
      expect((await natsmith(['streams', 'diff', entry])).code).toBe(0);
    });

    it('what cannot be changed in place is reported, and what to do about it', async () => {
      await stream('ORDERS', ['orders.*.placed'], { storage: 'file' });
      const { code, stderr } = await natsmith(['streams', 'ensure', entry]);
      expect(code).toBe(1);
      expect(stderr).toMatch(
        /storage is file, and the contract says memory; the server cannot change that in place: copy/,
      );
    });

    it('buckets are compared and made, too', async () => {
      for (const name of ['KV_config', 'SCHEDULES']) await api(`STREAM.DELETE.${name}`);
      await stream('KV_config', ['$KV.config.>'], { max_msgs_per_subject: 2, allow_rollup_hdrs: true });
      const program = join(folder, 'service.ts');
      const { stdout } = await natsmith(['streams', 'diff', program]);
      expect(stdout).toMatch(/KV_config +history +5 +2 +updated by ensure/);
      expect((await natsmith(['streams', 'ensure', program])).stdout).toMatch(/^KV_config updated: history\n/);
      expect((await natsmith(['streams', 'diff', program])).code).toBe(0);
    });

    it('ensure --prune ends the schedules that no class of a declared service names any more', async () => {
      await api('STREAM.DELETE.SCHEDULES');
      await stream('SCHEDULES', ['_schedule.>', '_tick.>'], { retention: 'workqueue', allow_msg_schedules: true });
      for (const name of ['reporter.nightly', 'reporter.weekly', 'mailer.nightly']) {
        const lines = headers();
        lines.set('Nats-Schedule', '0 0 5 1 1 *');
        lines.set('Nats-Schedule-Target', `_tick.${name}`);
        await connection.request(`_schedule.${name}`, '', { headers: lines, timeout: 2_000 });
      }
      const program = join(folder, 'service.ts');
      const { stderr } = await natsmith(['streams', 'ensure', program]);
      expect(stderr).toMatch(/schedule is weekly of reporter: 0 0 5 1 1 \*, .*: left; ensure --prune ends it/);
      expect((await natsmith(['streams', 'diff', program])).code).toBe(1);
      const pruned = await natsmith(['streams', 'ensure', '--prune', '--json', program]);
      expect(JSON.parse(pruned.stdout)).toContainEqual({
        stream: 'SCHEDULES',
        schedule: 'weekly of reporter',
        outcome: 'removed',
        changed: [expect.objectContaining({ field: 'schedule', found: 'weekly of reporter: 0 0 5 1 1 *' })],
        left: [],
      });
      const left = JSON.parse((await natsmith(['schedules', '--json'])).stdout) as { service: string; name: string }[];
      expect(left.map(({ service, name }) => `${service} ${name}`)).toEqual(['mailer nightly', 'reporter nightly']);
    });

    describe('of a program with consumers', () => {
      let program = '';
      beforeAll(() => {
        program = join(folder, 'consumers.ts');
        writeFileSync(
          program,
          `import { event, Service, unchecked } from '@natsmith/core';
import { Consume, eventStream, Schedule } from '@natsmith/jetstream';

const Placed = event('orders.{id}.placed', unchecked<number>());
const Shipped = event('orders.{id}.shipped', unchecked<number>());
const Orders = eventStream('ORDERS', { events: [Placed, Shipped], storage: 'memory' });
@Service({ name: 'mailer', version: '1.0.0' })
class Mailer {
  @Consume(Orders, [Placed, Shipped], { ackWait: '10s', maxAckPending: 50 }) mail(): void {}
  @Schedule('0 5 1 1 *', { timeZone: 'Europe/Berlin' }) nightly(): void {}
}
`,
        );
      });
      beforeEach(() => api('STREAM.DELETE.SCHEDULES'));
      const diff = async () => JSON.parse((await natsmith(['streams', 'diff', program, '--json'])).stdout) as object[];
      /** As natsmith makes it. */
      const consumer = (name: string, metadata: Record<string, string>, on = 'ORDERS') =>
        api(`CONSUMER.CREATE.${on}.${name}`, {
          stream_name: on,
          config: { durable_name: name, ack_policy: 'explicit', metadata: { 'natsmith.made': 'true', ...metadata } },
        });

      it('diff shows each consumer and schedule that is missing, and ensure makes them as the service would', async () => {
        const { code, stdout } = await natsmith(['streams', 'diff', program]);
        expect(code).toBe(1);
        expect(stdout).toMatch(
          /ORDERS +consumer mailer-mail +orders\.\*\.placed, orders\.\*\.shipped +does not exist +created by ensure/,
        );
        expect(stdout).toMatch(/DEAD_LETTERS +stream +dead\.> +does not exist +created by ensure/);
        expect(stdout).toMatch(
          /SCHEDULES +schedule +nightly of mailer: 0 0 5 1 1 \* in Europe\/Berlin +does not exist +created by ensure/,
        );
        const made = await natsmith(['streams', 'ensure', program]);
        expect([made.code, made.stdout.split('\n')]).toEqual([
          0,
          [
            'ORDERS created',
            'DEAD_LETTERS created',
            'SCHEDULES created',
            'ORDERS consumer mailer-mail created',
            'SCHEDULES consumer mailer-nightly created',
            'SCHEDULES schedule nightly of mailer created',
            '',
          ],
        ]);
        expect(await natsmith(['streams', 'diff', program])).toMatchObject({ code: 0 });
        const { config } = (await api('CONSUMER.INFO.ORDERS.mailer-mail')) as { config: object };
        expect(config).toMatchObject({
          ack_wait: 10_000_000_000,
          max_ack_pending: 50,
          filter_subjects: ['orders.*.placed', 'orders.*.shipped'],
          metadata: { 'natsmith.service': 'mailer', 'natsmith.handler': 'mail' },
        });
      });

      it('what differs is shown field by field, and ensure takes it away', async () => {
        await natsmith(['streams', 'ensure', program]);
        await api('CONSUMER.CREATE.ORDERS.mailer-mail', {
          stream_name: 'ORDERS',
          action: 'update',
          config: {
            durable_name: 'mailer-mail',
            ack_policy: 'explicit',
            ack_wait: 20_000_000_000,
            max_ack_pending: 50,
            max_deliver: 3,
            filter_subject: 'orders.*.placed',
          },
        });
        const place = { stream: 'ORDERS', consumer: 'mailer-mail', kind: 'update' };
        expect(await diff()).toEqual([
          { ...place, field: 'ack_wait', wanted: '10s', found: '20s' },
          { ...place, field: 'max_deliver', wanted: '-1', found: '3' },
          {
            ...place,
            field: 'filter subjects',
            wanted: '["orders.*.placed","orders.*.shipped"]',
            found: '["orders.*.placed"]',
          },
        ]);
        expect((await natsmith(['streams', 'ensure', program])).stdout).toContain(
          'ORDERS consumer mailer-mail updated: ack_wait, max_deliver, filter subjects\n',
        );
        expect(await diff()).toEqual([]);
      });

      it('a consumer that cannot be made so in place is shown with the way out, and ensure refuses it', async () => {
        await natsmith(['streams', 'ensure', program]);
        await api('CONSUMER.DELETE.ORDERS.mailer-mail');
        await api('CONSUMER.CREATE.ORDERS.mailer-mail', {
          stream_name: 'ORDERS',
          config: { durable_name: 'mailer-mail', ack_policy: 'all' },
        });
        expect((await natsmith(['streams', 'diff', program])).stdout).toMatch(
          /consumer mailer-mail ack_policy +explicit +all +cannot be changed in place: delete it, or choose another durable/,
        );
        const { code, stderr } = await natsmith(['streams', 'ensure', program]);
        expect([code, stderr]).toEqual([
          1,
          expect.stringMatching(/policy "all".*: delete it, or choose another durable/),
        ]);
      });

      it('a consumer that no class names is shown on every stream, and only --prune removes it', async () => {
        await natsmith(['streams', 'ensure', program]);
        await stream('OLD', ['old.>']);
        try {
          await consumer('mailer-old', { 'natsmith.service': 'mailer', 'natsmith.handler': 'old' }, 'OLD');
          await connection.request('old.1', '1');
          const found = {
            stream: 'OLD',
            consumer: 'mailer-old',
            field: 'consumer',
            wanted: 'none',
            found: 'made for old of mailer, 1 message waits for it',
            kind: 'shrink',
          };
          expect(await diff()).toEqual([found]);
          const { code, stderr } = await natsmith(['streams', 'ensure', program]);
          expect([code, stderr]).toEqual([
            0,
            expect.stringMatching(/made for old of mailer.*ensure --prune removes it/),
          ]);
          const pruned = await natsmith(['streams', 'ensure', '--prune', program]);
          expect(pruned.stdout).toContain('OLD consumer mailer-old removed\n');
          expect(await diff()).toEqual([]);
        } finally {
          await api('STREAM.DELETE.OLD');
        }
      });

      it('--prune leaves consumers of other services, of others than natsmith, and those that somebody uses', async () => {
        await natsmith(['streams', 'ensure', program]);
        await consumer('biller-bill', { 'natsmith.service': 'biller', 'natsmith.handler': 'bill' });
        await api('CONSUMER.CREATE.ORDERS.theirs', {
          stream_name: 'ORDERS',
          config: { durable_name: 'theirs', ack_policy: 'explicit', metadata: { 'natsmith.service': 'mailer' } },
        });
        await consumer('mailer-before', { 'natsmith.service': 'mailer', 'natsmith.handler': 'before' });
        const inbox = connection.subscribe(createInbox());
        connection.publish('$JS.API.CONSUMER.MSG.NEXT.ORDERS.mailer-before', '', { reply: inbox.getSubject() });
        await connection.flush();
        expect(await diff()).toEqual([]);
        await natsmith(['streams', 'ensure', '--prune', program]);
        const { consumers } = (await api('CONSUMER.NAMES.ORDERS')) as { consumers: string[] };
        expect(consumers.sort()).toEqual(['biller-bill', 'mailer-before', 'mailer-mail', 'theirs']);
      });

      it('--prune leaves the consumers of another program that runs services of the same name', async () => {
        await natsmith(['streams', 'ensure', program]);
        await consumer('mailer-index', { 'natsmith.service': 'mailer', 'natsmith.handler': 'index' });
        expect(await diff()).toHaveLength(1);
        const type = 'io.nats.micro.v1.info_response';
        const endpoint = { name: 'index', subject: 'orders.*.placed', queue_group: 'mailer-index' };
        const endpoints = [{ ...endpoint, metadata: { kind: 'consumer', stream: 'ORDERS' } }];
        const info = { type, name: 'mailer', id: 'X1', version: '2.0.0', description: '', metadata: {}, endpoints };
        connection.subscribe('$SRV.INFO', { callback: (_, message) => void message.respond(JSON.stringify(info)) });
        await connection.flush();
        expect(await diff()).toEqual([]);
      });

      it('a class that makes no service is reported, and nothing is changed', async () => {
        const wrong = join(folder, 'wrong.ts');
        writeFileSync(
          wrong,
          `import { Service } from '@natsmith/core';
import './consumers.ts';
@Service({ name: 'empty', version: 'x' }) class Empty {}
`,
        );
        const { code, stdout, stderr } = await natsmith(['streams', 'ensure', '--prune', wrong]);
        expect([code, stdout, stderr]).toEqual([1, '', expect.stringMatching(/classes make no service:\n- Empty/)]);
      });
    });

    it('a file that declares none is a wrong use', async () => {
      const { code, stderr } = await natsmith(['streams', 'diff', join(folder, 'none.ts')]);
      expect([code, stderr]).toEqual([2, expect.stringMatching(/none\.ts declares no stream/)]);
    });
  });

  describe('dead', () => {
    beforeEach(async () => {
      await stream('ORDERS', ['orders.*.placed']);
      await stream('DEAD_LETTERS', ['dead.>']);
    });

    it('ls shows what was buried, and no control character of it', async () => {
      await bury(7);
      await bury(8, { 'Natsmith-Description': 'evil \u001b[2J', 'Natsmith-Consumer': 'other' });
      const { code, stdout } = await natsmith(['dead', 'ls']);
      expect(code).toBe(0);
      expect(stdout).toMatch(
        /1 +2026-11-26T01:00:00\.000Z +ORDERS +mailer-mail +orders\.1\.placed +5 +500 internal error/,
      );
      // eslint-disable-next-line no-control-regex
      expect(stdout).not.toMatch(/\u001b/);
      const filtered = await natsmith(['dead', 'ls', '--consumer', 'other', '--json']);
      expect(JSON.parse(filtered.stdout)).toMatchObject([{ id: 2, consumer: 'other', body: { total: 5 } }]);
    });

    it('ls of no stream says that there are none', async () => {
      await api('STREAM.DELETE.DEAD_LETTERS');
      expect(await natsmith(['dead', 'ls'])).toMatchObject({ code: 0, stdout: 'there are no dead letters\n' });
    });

    it('show shows the error, the headers and the body', async () => {
      await bury(7);
      const { stdout } = await natsmith(['dead', 'show', '1']);
      expect(stdout).toMatch(/orders\.1\.placed, message 7 of stream ORDERS/);
      expect(stdout).toMatch(/mailer-mail failed, the last time at delivery 5: 500 internal error/);
      expect(stdout).toMatch(/Nats-Msg-Id: orders\.1\.placed:a/);
      expect(stdout).toContain('{"total":5}');
      expect((await natsmith(['dead', 'show', '1', '--raw'])).stdout).toBe('{"total":5}\n');
    });

    it('replay sends it again, for its consumer alone, and removes the letter', async () => {
      await bury(7);
      const { code, stdout } = await natsmith(['dead', 'replay', '1']);
      expect({ code, stdout }).toEqual({ code: 0, stdout: '1 dead letter sent again\n' });
      const { message } = (await api('STREAM.MSG.GET.ORDERS', { seq: 1 })) as {
        message: { hdrs: string; data: string };
      };
      const text = Buffer.from(message.hdrs, 'base64').toString();
      expect(text).toMatch(/Natsmith-Replay-For: mailer-mail/);
      expect(text).toMatch(/traceparent: 00-1/);
      expect(text).not.toMatch(/orders\.1\.placed:a|Natsmith-Subject/);
      expect(Buffer.from(message.data, 'base64').toString()).toBe('{"total":5}');
      expect((await natsmith(['dead', 'replay', '1'])).code).toBe(1);
    });

    it.each([
      [{ 'Natsmith-Subject': '$JS.API.STREAM.DELETE.ORDERS' }, /cannot be published to/],
      [{ 'Natsmith-Subject': 'bills.1' }, /which stream "ORDERS" does not store any more/],
      [{ 'Natsmith-Stream': 'NONE' }, /of the stream "NONE": stream not found/],
      [{ 'Natsmith-Body-Lost': '2000000' }, /too large to be kept/],
    ])('replay refuses %j, and keeps the letter', async (more, message) => {
      await bury(7, more);
      const { code, stderr } = await natsmith(['dead', 'replay', '--all']);
      expect([code, stderr]).toEqual([1, expect.stringMatching(message)]);
      expect(JSON.parse((await natsmith(['dead', 'ls', '--json'])).stdout)).toHaveLength(1);
    });

    it('rm removes those that are named, or all', async () => {
      for (const sequence of [1, 2, 3]) await bury(sequence);
      expect((await natsmith(['dead', 'rm', '2'])).stdout).toBe('1 dead letter removed\n');
      expect(JSON.parse((await natsmith(['dead', 'rm', '--all', '--json'])).stdout)).toEqual({
        done: [1, 3],
        failed: [],
      });
    });

    it.each([['replay'], ['rm'], ['show']])('%s without ids is a wrong use', async (action) => {
      expect((await natsmith(['dead', action])).code).toBe(2);
    });
  });

  describe('consumers', () => {
    beforeEach(async () => {
      await stream('ORDERS', ['orders.*.placed']);
      await api('CONSUMER.CREATE.ORDERS.mailer-mail', {
        stream_name: 'ORDERS',
        config: { durable_name: 'mailer-mail', ack_policy: 'explicit', metadata: { 'natsmith.service': 'mailer' } },
      });
      await connection.request('orders.1.placed', '1');
    });

    it('are listed with what waits for them', async () => {
      const { code, stdout } = await natsmith(['consumers']);
      expect(code).toBe(0);
      expect(stdout).toMatch(/^stream +consumer +lag +unacknowledged +redelivered +waiting pulls/);
      expect(stdout).toMatch(/ORDERS +mailer-mail +1 +0 +0 +0 +mailer/);
      expect(JSON.parse((await natsmith(['consumers', 'ls', 'ORDERS', '--json'])).stdout)).toEqual([
        {
          stream: 'ORDERS',
          consumer: 'mailer-mail',
          lag: 1,
          unacknowledged: 0,
          redelivered: 0,
          waiting: 0,
          paused: false,
          service: 'mailer',
        },
      ]);
    });

    it('are paused and resumed', async () => {
      const paused = await natsmith(['consumers', 'pause', 'ORDERS', 'mailer-mail', '--for', '30m', '--json']);
      expect(JSON.parse(paused.stdout)).toMatchObject([{ paused: true, pausedUntil: expect.any(String) as string }]);
      const resumed = await natsmith(['consumers', 'resume', 'ORDERS', 'mailer-mail', '--json']);
      expect(JSON.parse(resumed.stdout)).toMatchObject([{ paused: false }]);
    });

    it('that do not exist are reported, and those that exist are named', async () => {
      const { code, stderr } = await natsmith(['consumers', 'pause', 'ORDERS', 'none']);
      expect([code, stderr]).toEqual([1, 'natsmith: stream "ORDERS" has no consumer "none"; there is mailer-mail\n']);
      expect((await natsmith(['consumers', 'ls', 'ORDRES'])).stderr).toMatch(
        /^natsmith: there is no stream "ORDRES"; there are .*ORDERS/,
      );
    });
  });

  describe('schedules', () => {
    /** As a service puts it. */
    const put = (subject: string, lines: Record<string, string>) => {
      const all = headers();
      for (const [name, value] of Object.entries(lines)) all.set(name, value);
      return connection.request(subject, '', { headers: all, timeout: 2_000 });
    };
    beforeEach(async () => {
      await api('STREAM.DELETE.SCHEDULES');
      await stream('SCHEDULES', ['_schedule.>', '_tick.>'], { retention: 'workqueue', allow_msg_schedules: true });
      await put('_schedule.reporter.nightly', {
        'Nats-Schedule': '0 0 5 1 1 *',
        'Nats-Schedule-Target': '_tick.reporter.nightly',
      });
      await api('CONSUMER.CREATE.SCHEDULES.reporter-nightly._tick.reporter.nightly', {
        stream_name: 'SCHEDULES',
        config: {
          durable_name: 'reporter-nightly',
          name: 'reporter-nightly',
          ack_policy: 'explicit',
          filter_subject: '_tick.reporter.nightly',
        },
      });
    });

    it('are listed with what has become of their ticks', async () => {
      const { code, stdout } = await natsmith(['schedules']);
      expect(code).toBe(0);
      expect(stdout).toMatch(/^service +schedule +pattern +time zone +since +last tick +waiting +running/);
      expect(stdout).toMatch(/reporter +nightly +0 0 5 1 1 \* +UTC +\d{4}-\S+ +0 +0/);
      expect(JSON.parse((await natsmith(['schedules', 'ls', 'reporter', '--json'])).stdout)).toEqual([
        {
          service: 'reporter',
          name: 'nightly',
          pattern: '0 0 5 1 1 *',
          since: expect.stringMatching(/^\d{4}-/) as string,
          waiting: 0,
          running: 0,
        },
      ]);
      expect((await natsmith(['schedules', 'ls', 'mailer'])).stdout).toBe('there are no schedules\n');
    });

    it('ls shows none that no service can have put, and no control character', async () => {
      await put('_schedule.reporter.nightly.more', { 'Nats-Schedule-Target': 'x' });
      await put('_schedule.reporter.\u001b[2J', { 'Nats-Schedule': '\u001b[31m' }).catch(() => undefined);
      await put('_schedule.reporter.plain', {});
      const { stdout } = await natsmith(['schedules', '--json']);
      expect((JSON.parse(stdout) as unknown[]).length).toBe(1);
      // eslint-disable-next-line no-control-regex
      expect(stdout).not.toMatch(/\u001b/);
    });

    it('run asks for a run, which waits for an instance', async () => {
      const { code, stdout } = await natsmith(['schedules', 'run', 'reporter', 'nightly']);
      expect([code, stdout]).toEqual([0, 'reporter is asked for a run of nightly\n']);
      const { message } = (await api('STREAM.MSG.GET.SCHEDULES', { last_by_subj: '_tick.reporter.nightly' })) as {
        message: { hdrs: string };
      };
      expect(Buffer.from(message.hdrs, 'base64').toString()).toMatch(/Natsmith-Trigger: manual/);
      expect(JSON.parse((await natsmith(['schedules', '--json'])).stdout)).toMatchObject([{ waiting: 1 }]);
    });

    it('rm ends one', async () => {
      const { code, stdout } = await natsmith(['schedules', 'rm', 'reporter', 'nightly']);
      expect([code, stdout]).toEqual([0, 'schedule nightly of reporter has ended\n']);
      expect((await natsmith(['schedules'])).stdout).toBe('there are no schedules\n');
    });

    it.each([['run'], ['rm']])('%s of one that does not exist says so', async (action) => {
      const { code, stderr } = await natsmith(['schedules', action, 'reporter', 'weekly']);
      expect([code, stderr]).toEqual([1, expect.stringMatching(/service "reporter" has no schedule "weekly"/)]);
    });

    it.each([
      [['run'], /name the service and the schedule/],
      [['run', 'reporter.>', 'nightly'], /"reporter\.>" may hold only letters/],
      [['run', 'reporter', '*'], /"\*" may hold only letters/],
    ])('%j is a wrong use', async (args, message) => {
      const { code, stderr } = await natsmith(['schedules', ...args]);
      expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
    });
  });
});

describe('the command, where there is no JetStream', () => {
  const server = useServer('broker', { jetstream: false });
  const natsmith = useNatsmith(server);

  it.each([['consumers'], ['dead ls'], ['schedules']])('"%s" says so, and ends with 3', async (line) => {
    const { code, stderr } = await natsmith(line.split(' '));
    expect([code, stderr]).toEqual([3, expect.stringMatching(/has no JetStream; enable it/)]);
  });
});

describe('streams ensure, of a user who may not read schedules', () => {
  const server = useServer(
    findNatsServer() !== undefined && !natsServerIsOlderThan('2.14.0') ? 'nats-server' : 'broker',
    {
      jetstream: true,
      users: [
        { user: 'admin', pass: 'secret' },
        { user: 'maker', pass: 'secret', permissions: { publish: { deny: ['$JS.API.STREAM.MSG.GET.SCHEDULES'] } } },
      ],
    },
  );
  const natsmith = useNatsmith(server);
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(__dirname, 'streams-'));
    writeFileSync(
      join(folder, 'service.ts'),
      `import { Service } from '@natsmith/core';
import { eventStream, Schedule } from '@natsmith/jetstream';

eventStream('ORDERS', { subjects: ['orders.>'], storage: 'memory' });
@Service({ name: 'reporter', version: '1.0.0' })
class Reporter {
  @Schedule('0 5 1 1 *') nightly(): void {}
}
`,
    );
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('changes nothing that it could not report', async () => {
    const connection = await connect({ servers: server.url, user: 'admin', pass: 'secret' });
    try {
      const stream = { name: 'SCHEDULES', subjects: ['_schedule.>', '_tick.>'], storage: 'memory' };
      await connection.request('$JS.API.STREAM.CREATE.SCHEDULES', JSON.stringify(stream));
      await connection.request('_schedule.reporter.weekly', '');
      const as = { cwd: folder, env: { NATS_USER: 'maker', NATS_PASSWORD: 'secret' } };
      const { code, stdout, stderr } = await natsmith(['streams', 'ensure', 'service.ts'], as);
      expect([code, stdout, stderr]).toEqual([1, '', expect.stringMatching(/STREAM\.MSG\.GET\.SCHEDULES/)]);
      const names = (await connection.request('$JS.API.STREAM.NAMES')).json<{ streams: string[] | null }>();
      expect(names.streams).toEqual(['SCHEDULES']);
    } finally {
      await connection.close();
    }
  });
});
