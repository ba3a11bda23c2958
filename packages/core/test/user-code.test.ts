import { join } from 'node:path';
import 'reflect-metadata';
import { onEachServer } from '#test/matrix';
import { Child } from '#test/child';
import { cases } from './user-code/cases';

interface Report {
  cases: { seen: Record<string, string>; hasStopped: boolean };
  loggers: Record<string, string>;
  stats: Record<string, boolean>;
  starts: Record<string, string>;
  stops: Record<string, { others: number; isClosed: boolean }>;
  escaped: string[];
}

onEachServer((server) => {
  let report: Report;
  /** Middleware looks at what handlers give, too, so the same without any. */
  let bare: Pick<Report, 'cases' | 'escaped'>;

  // A process of its own, because what escapes there would end it, as it would end a service.
  beforeAll(async () => {
    report = await run();
    bare = await run({ WITHOUT_MIDDLEWARE: 'true' });
  });

  async function run(environment: Record<string, string> = {}): Promise<Report> {
    const file = join(__dirname, 'user-code/run.ts');
    const child = Child.start(file, { NATS_URL: server.url, NODE_NO_WARNINGS: '1', ...environment });
    expect({ ...(await child.exit), output: child.output }).toMatchObject({ code: 0 });
    return JSON.parse(/^report (.*)$/m.exec(child.output)?.[1] ?? '{}') as Report;
  }

  it('nothing that user code does is an unhandled rejection or an uncaught exception', () => {
    expect([report.escaped, bare.escaped]).toEqual([[], []]);
  });

  describe('the caller is answered, and so is the neighbour, where', () => {
    it.each(cases.map(({ name, outcome }) => [name, outcome]))('%s: %s', (name, outcome) => {
      expect(report.cases.seen[name]).toBe(outcome);
    });
  });

  describe('the same without any middleware, where', () => {
    const withoutMiddleware = cases.filter(({ middleware }) => middleware === undefined);
    it.each(withoutMiddleware.map(({ name, outcome }) => [name, outcome]))('%s: %s', (name, outcome) => {
      expect(bare.cases.seen[name]).toBe(outcome);
    });
  });

  it('a stop is bounded, even where handlers and iterators hang', () => {
    expect([report.cases.hasStopped, bare.cases.hasStopped]).toEqual([true, true]);
  });

  it('a logger may do anything: errors are answered, and the service goes on', () => {
    expect(Object.keys(report.loggers).length).toBeGreaterThan(5);
    for (const seen of Object.entries(report.loggers)) expect(seen).toEqual([seen[0], '500 500 fine']);
  });

  it('a stats handler may do anything: STATS is answered without its data', () => {
    expect(Object.keys(report.stats).length).toBeGreaterThan(10);
    for (const seen of Object.entries(report.stats)) expect(seen).toEqual([seen[0], true]);
  });

  it('a container, constructor or onStart() that fails makes create() reject, and nothing stays', () => {
    expect(Object.keys(report.starts).length).toBe(10);
    for (const seen of Object.entries(report.starts)) expect(seen).toEqual([seen[0], 'rejected, nothing left']);
  });

  it('an onStop() may do anything: the others are called, the connection is closed, the stop is bounded', () => {
    expect(Object.keys(report.stops).length).toBeGreaterThan(8);
    for (const stop of Object.values(report.stops)) expect(stop).toEqual({ others: 1, isClosed: true });
  });
});
