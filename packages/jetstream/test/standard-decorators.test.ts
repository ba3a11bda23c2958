import { KeyValueStore } from '@natsmith/jetstream';
import { TestHost } from '@natsmith/testing';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { COMPILERS, typeErrorsIn } from '#test/standard-decorators';
import type * as Fixture from './standard-decorators/service';

const SOURCES = join(__dirname, 'standard-decorators');
// Within the repository, where the packages are found, and where jest compiles nothing.
const FOLDER = join(__dirname, '../../../node_modules/.cache/natsmith-standard-jetstream', String(process.pid));

function compiled(compiler: string): typeof Fixture {
  mkdirSync(FOLDER, { recursive: true });
  const file = join(FOLDER, `${compiler.replace(/\W+/g, '-')}.js`);
  writeFileSync(file, COMPILERS[compiler]!(readFileSync(join(SOURCES, 'service.ts'), 'utf8')));
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- compiled just now
  return require(file) as typeof Fixture;
}

afterAll(() => rmSync(FOLDER, { recursive: true, force: true }));

it.each(Object.keys(COMPILERS))(
  'consumers, watches and schedules with standard decorators, compiled with %s, run as others do',
  async (compiler) => {
    const { Standard, Placed, Mode, Modes } = compiled(compiler);
    await using host = await TestHost.create(Standard);
    for (const id of [1, 2]) await host.publish(Placed, { quantity: 10 * id }, { params: { id } });
    await new KeyValueStore(host.connection, Modes).put(Mode, 'night', { params: { name: 'lamp' } });
    await host.run(Standard, 'yearly');
    let seen: string[] = [];
    while (seen.length < 5) {
      await host.idle();
      seen = await host.request<string[]>('seen');
    }
    expect(seen).toEqual(['mode lamp: night', 'one 1: 10', 'one 2: 20', 'two 2: 30', 'yearly: manual']);
  },
);

it('the compiler checks standard decorators against contracts: events, keys, batches, contexts and options', () => {
  expect(typeErrorsIn(['types.ts', 'service.ts'].map((name) => join(SOURCES, name)))).toEqual([]);
});
