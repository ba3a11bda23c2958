import { ServiceClient } from '@natsmith/client';
import Database from 'libsql';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { onEachServer } from '#test/matrix';

const dist = join(__dirname, '../dist');

onEachServer(
  (server) => {
    let folder = '';
    let client: ServiceClient;
    const children: ChildProcess[] = [];

    beforeEach(async () => {
      folder = mkdtempSync(join(tmpdir(), 'natsmith-orders-'));
      client = await ServiceClient.connect({ connection: { servers: server.url } });
      for (const stream of ['ORDERS', 'DEAD_LETTERS']) await client.call(`$JS.API.STREAM.DELETE.${stream}`);
    });
    afterEach(async () => {
      for (const child of children.splice(0)) child.kill('SIGKILL');
      await client.close();
      rmSync(folder, { recursive: true, force: true });
    });

    const openShop = async (): Promise<ChildProcess> => {
      const child = spawn(process.execPath, [join(dist, 'shop.js'), join(folder, 'orders.db')], {
        env: { ...process.env, NATS_URL: server.url },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      children.push(child);
      const [said] = (await once(child.stdout, 'data')) as [Buffer];
      expect(said.toString()).toBe('open\n');
      return child;
    };
    /** The ids of the orders whose events the stream has, one for each event. */
    const published = async (): Promise<string[]> => {
      const ids: string[] = [];
      for (let seq = 1; ; seq++) {
        const { message } = await client.call<{ message?: { subject: string; seq: number } }>(
          '$JS.API.STREAM.MSG.GET.ORDERS',
          { seq, next_by_subj: 'orders.*.placed' },
        );
        if (message === undefined) return ids;
        seq = message.seq;
        ids.push(message.subject.split('.')[1] ?? '');
      }
    };

    it('publishes its orders, retries what fails, and buries what always fails', async () => {
      const { stdout } = await promisify(execFile)(process.execPath, [join(dist, 'main.js')], {
        env: { ...process.env, NATS_URL: server.url },
        timeout: 20_000,
      });
      expect(stdout).toMatch(/the mailer has mailed\n(?: {2}.*: (?:2 x tea|1 x cup|3 x pot)\n){3}/);
      expect(stdout).toMatch(/letter 1: orders\..*\.placed after 3 attempts: 500 /);
      expect(stdout).toMatch(/with a limit in the bucket: 409 an order has at most 1 x pot\n/);
      expect(stdout).toMatch(
        /the nightly report, made by day\n {2}1 x cup\n {2}1 x poison\n {2}\d+ x pot\n {2}2 x tea\n/,
      );
    });

    it('loses no event of an order that it has taken, and publishes none twice, whenever it is killed', async () => {
      const taken: string[] = [];
      for (let round = 0; round < 4; round++) {
        const shop = await openShop();
        const exit = once(shop, 'exit');
        const order = async (): Promise<void> => {
          for (;;) {
            const reply = await client
              .call<{ id: string }>('order', { article: 'tea', quantity: 1 }, { timeout: 1_000 })
              .catch(() => undefined);
            if (reply === undefined) return;
            taken.push(reply.id);
          }
        };
        const ordering = Promise.all([order(), order(), order()]);
        await delay(100 + 60 * round);
        shop.kill('SIGKILL');
        await Promise.all([exit, ordering]);
      }
      expect(taken.length).toBeGreaterThan(0);

      const shop = await openShop();
      const database = new Database(join(folder, 'orders.db'));
      const rows = (table: string) => database.prepare(`SELECT * FROM ${table}`).all() as { id: string }[];
      for (let i = 0; i < 400 && rows('outbox').length > 0; i++) await delay(25);
      expect(rows('outbox')).toEqual([]);
      const orders = rows('orders').map(({ id }) => id);
      database.close();
      expect(orders).toEqual(expect.arrayContaining(taken));
      // Also those whose caller got no reply: what is in the database is in the stream, once.
      expect((await published()).sort()).toEqual(orders.sort());
      const exit = once(shop, 'exit');
      shop.kill('SIGTERM');
      expect((await exit)[0]).toBe(0);
    }, 60_000);
  },
  { jetstream: true },
  '2.14.0',
);
