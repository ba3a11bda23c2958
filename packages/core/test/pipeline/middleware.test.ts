import 'reflect-metadata';
import { Endpoint, Group, type Middleware, Service, ServiceError, Use } from '@natsmith/core';
import { IsInt } from 'class-validator';
import { setTimeout as delay } from 'node:timers/promises';
import { onEachServer } from '#test/matrix';
import { onStage, Stage } from '#test/stage';

let steps: string[] = [];

const layer =
  (name: string): Middleware =>
  async (_ctx, next) => {
    steps.push(`> ${name}`);
    const value = await next();
    steps.push(`< ${name}`);
    return value;
  };

class Number1 {
  @IsInt() n!: number;
}

@Group('inner')
@Use(layer('inner group'))
class Inner {
  @Endpoint() @Use(layer('method 1'), layer('method 2')) deep({ n }: Number1) {
    steps.push(`handler ${n}`);
    return n;
  }
}

@Group('outer', { groups: [Inner] })
@Use(layer('outer group'))
class Outer {
  @Endpoint() shallow() {
    return 'shallow';
  }
}

@Service({ name: 'onion', version: '1.0.0', groups: [Outer] })
@Use(layer('service 1'))
@Use(layer('service 2'))
class Onion {
  @Endpoint() top() {
    return 'top';
  }
}

@Service({ name: 'onion', version: '1.0.0' })
@Use(layer('parent'))
class Parent {
  @Endpoint() @Use(layer('parent method')) greet() {
    return 'parent';
  }
}

@Service({ name: 'child', version: '1.0.0' })
@Use(layer('child'))
class Child extends Parent {
  @Endpoint() @Use(layer('child method')) override greet() {
    return 'child';
  }
}

onEachServer((server) => {
  beforeEach(() => {
    steps = [];
  });

  it('order: factory, service, groups from the outside in, method, decode and validate, handler', async () => {
    await using stage = await Stage.start(server, Onion, { use: [layer('factory 1'), layer('factory 2')] });
    const inwards = [
      'factory 1',
      'factory 2',
      'service 1',
      'service 2',
      'outer group',
      'inner group',
      'method 1',
      'method 2',
    ];
    expect((await stage.call('outer.inner.deep', { n: 5 })).value).toBe(5);
    expect(steps).toEqual([...inwards.map((s) => `> ${s}`), 'handler 5', ...inwards.reverse().map((s) => `< ${s}`)]);
  });

  it('decoding and validating come after all middleware', async () => {
    await using stage = await Stage.start(server, Onion);
    for (const body of ['{', { n: 'x' }]) {
      steps = [];
      expect((await stage.call('outer.inner.deep', body)).code).toBe(400);
      expect(steps).toEqual(
        ['service 1', 'service 2', 'outer group', 'inner group', 'method 1', 'method 2'].map((s) => `> ${s}`),
      );
    }
  });

  it('endpoints outside a group do not run its middleware', async () => {
    await using stage = await Stage.start(server, Onion);
    await stage.call('top');
    expect(steps).toEqual(['> service 1', '> service 2', '< service 2', '< service 1']);
  });

  it('a subclass runs the middleware of its parent first, for the class and for a method that it overrides', async () => {
    await using stage = await Stage.start(server, Child);
    expect((await stage.call('greet')).value).toBe('child');
    expect(steps.slice(0, 4)).toEqual(['> parent', '> child', '> parent method', '> child method']);
  });
});

const named = {
  shortCircuit: () => 'no need',
  replaceSync: (_ctx, next) => next().then((value) => `${String(value)}!`),
  replace: async (_ctx, next) => `${String(await next())}!`,
  translate: async (_ctx, next) => {
    try {
      return await next();
    } catch (error) {
      throw error instanceof RangeError ? new ServiceError(422, error.message) : error;
    }
  },
  recover: (_ctx, next) => next().catch(() => 'recovered'),
  atLast: (_ctx, next) => next().finally(() => steps.push('finally')),
  passThrough: (_ctx, next) => next(),
  throwsBefore: () => {
    throw new ServiceError(401, 'who are you?');
  },
  throwsAfter: async (_ctx, next) => {
    await next();
    throw new ServiceError(410, 'gone');
  },
  breaks: () => {
    throw new Error('secret of a middleware');
  },
  twiceSync: (_ctx, next) => {
    void next();
    return next();
  },
  twice: async (_ctx, next) => {
    await next();
    return next();
  },
  forgetsSync: (_ctx, next) => {
    void next();
  },
  forgets: async (_ctx, next) => {
    void next();
    return 'early';
  },
  leavesRunning: async (_ctx, next) => {
    void next().then(() => undefined);
    return 'early';
  },
  leavesFinally: async (_ctx, next) => {
    void next().finally(() => undefined);
    return 'early';
  },
} satisfies Record<string, Middleware>;

const groups = Object.entries(named).map(([name, middleware]) => {
  @Group(name)
  @Use(middleware)
  class Combination {
    @Endpoint() value() {
      return 'value';
    }
    @Endpoint() later() {
      return delay(10, 'later');
    }
    @Endpoint() throws() {
      throw new RangeError('out of range');
    }
    @Endpoint() async rejects() {
      await delay(10);
      throw new RangeError('out of range');
    }
  }
  return Combination;
});

@Service({ name: 'combinations', version: '1.0.0', groups })
class Combinations {}

const INTERNAL = '500 internal error';

onStage('middleware', Combinations, (stage) => {
  const call = async (subject: string) => {
    const { code, description, value } = await stage.call(subject);
    return code === 200 ? value : `${code} ${description}`;
  };

  // What the caller gets of a handler that returns, resolves, throws and rejects.
  it.each<[keyof typeof named, string, [unknown, unknown, unknown, unknown]]>([
    ['passThrough', 'goes on by returning next()', ['value', 'later', INTERNAL, INTERNAL]],
    ['shortCircuit', 'answers without calling next()', ['no need', 'no need', 'no need', 'no need']],
    ['replace', 'replaces the reply', ['value!', 'later!', INTERNAL, INTERNAL]],
    ['replaceSync', 'replaces the reply without async', ['value!', 'later!', INTERNAL, INTERNAL]],
    ['translate', 'translates errors', ['value', 'later', '422 out of range', '422 out of range']],
    ['recover', 'recovers from errors', ['value', 'later', 'recovered', 'recovered']],
    ['atLast', 'cleans up after all', ['value', 'later', INTERNAL, INTERNAL]],
    ['throwsBefore', 'refuses by throwing', Array(4).fill('401 who are you?') as [unknown, unknown, unknown, unknown]],
    ['throwsAfter', 'throws after the handler', ['410 gone', '410 gone', INTERNAL, INTERNAL]],
    ['breaks', 'is broken', Array(4).fill(INTERNAL) as [unknown, unknown, unknown, unknown]],
  ])('%s: middleware that %s', async (name, _, outcomes) => {
    for (const [index, handler] of ['value', 'later', 'throws', 'rejects'].entries())
      expect([handler, await call(`${name}.${handler}`)]).toEqual([handler, outcomes[index]]);
  });

  it.each(['value', 'later', 'throws', 'rejects'])(
    'that calls next() twice is reported by name: handler %s',
    async (handler) => {
      for (const name of ['twice', 'twiceSync'] as const) {
        const before = stage.log.lines.length;
        expect(await call(`${name}.${handler}`)).toBe(INTERNAL);
        const said = stage.log.lines.slice(before).map(({ details }) => details.err?.message);
        // An awaited next() that throws ends the middleware before its second call.
        const stops = name === 'twice' && (handler === 'throws' || handler === 'rejects');
        expect(said).toEqual([
          stops ? 'out of range' : `middleware ${name} of Combination.${handler} called next() twice; call it once`,
        ]);
      }
    },
  );

  it.each(['value', 'later', 'throws', 'rejects'])(
    'that does not await next() is reported by name: handler %s',
    async (handler) => {
      for (const name of ['forgets', 'forgetsSync'] as const) {
        const before = stage.log.lines.length;
        expect(await call(`${name}.${handler}`)).toBe(INTERNAL);
        const said = stage.log.lines.slice(before).map(({ details }) => details.err?.message);
        expect(said[0]).toBe(
          `middleware ${name} of Combination.${handler} did not await next(), so its result was lost; await or return it`,
        );
      }
    },
  );

  it.each(['leavesRunning', 'leavesFinally'])(
    'that ends before its next() is reported by name, and harms nobody: %s',
    async (name) => {
      for (const handler of ['later', 'rejects']) {
        expect(await call(`${name}.${handler}`)).toBe('early');
        expect(stage.log.problems).toContain(
          `middleware ${name} of Combination.${handler} ended before the next() that it called; await or return it`,
        );
      }
      // A promise that nobody waits for and that rejects would end the process.
      for (const handler of ['throws', 'rejects']) expect(await call(`${name}.${handler}`)).toBe('early');
      await delay(30);
      expect(unhandled).toEqual([]);
    },
  );
});

const unhandled: unknown[] = [];
const note = (reason: unknown) => unhandled.push(reason);
beforeAll(() => process.on('unhandledRejection', note));
afterAll(() => process.off('unhandledRejection', note));
