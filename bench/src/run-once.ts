import { startServer } from '@natsmith/testing';
import { Contender } from './contender';
import type { Exchange } from './load';
import { median, medianInterval } from './statistics';
async function main() {
  const server = await startServer('nats-server');
  const ex = (subject: string): Exchange => ({
    subject,
    payload: '{"a":17,"b":25}',
    headers: process.env.HDR,
    check(body) {
      if (body !== '42' && body !== '{"a":17,"b":25}') throw new Error('bad reply ' + body);
    },
  });
  const names = process.argv.slice(2);
  const cs: Contender[] = [];
  for (const [i, n] of ['by-hand-2:plain', ...names].entries()) {
    const [s, v] = n.split(':');
    cs.push(await Contender.start(n, s!, v!, server.port, ex('bench.add' + i)));
  }
  const ratios = new Map<Contender, number[]>();
  const abs: number[] = [];
  const rounds = Number(process.env.ROUNDS ?? 20);
  for (let r = 0; r < rounds + 2; r++) {
    const order = [...cs].sort(() => Math.random() - 0.5);
    const cpu = new Map<Contender, number>();
    for (const c of order) cpu.set(c, (await c.slice(256, 400)).cpuPerRequest);
    if (r < 2) continue;
    abs.push(cpu.get(cs[0]!)!);
    for (const c of cs) ratios.set(c, [...(ratios.get(c) ?? []), cpu.get(c)! / cpu.get(cs[0]!)!]);
  }
  console.log('us/req by hand', median(abs).toFixed(2));
  for (const [c, v] of ratios)
    console.log(
      c.name.padEnd(30),
      median(v).toFixed(3),
      medianInterval(v)
        .map((x) => x.toFixed(3))
        .join('..'),
    );
  for (const c of cs) await c.stop();
  await server.stop();
}
void main();
