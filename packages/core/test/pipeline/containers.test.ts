import 'reflect-metadata';
import { type Container, Endpoint, Group, NatsServiceFactory, Service } from '@natsmith/core';
import * as awilix from 'awilix';
import * as inversify from 'inversify';
import * as tsyringe from 'tsyringe';
import { onEachServer } from '#test/matrix';
import { Stage } from '#test/stage';

// #region service
class Clock {
  now(): string {
    return '12:00';
  }
}

@tsyringe.injectable()
@Service({ name: 'time', version: '1.0.0' })
class Time {
  constructor(private readonly clock: Clock) {}

  @Endpoint()
  now() {
    return this.clock.now();
  }
}
// #endregion

// #region tsyringe
/** tsyringe makes classes that were never registered, so there is nothing to register. */
function withTsyringe(): Container {
  return { get: (target) => tsyringe.container.resolve(target) };
}
// #endregion

// #region inversify
/** Inversify has `get` itself; bindings say how classes are made. */
function withInversify(): Container {
  const container = new inversify.Container();
  container
    .bind(Clock)
    .toDynamicValue(() => new Clock())
    .inSingletonScope();
  container.bind(Time).toDynamicValue(({ get }) => new Time(get(Clock)));
  return container;
}
// #endregion

// #region awilix
/** Awilix knows things by name, and makes any class by what its constructor's parameters are called. */
function withAwilix(): Container {
  const container = awilix.createContainer({ injectionMode: awilix.InjectionMode.CLASSIC });
  container.register({ clock: awilix.asClass(Clock).singleton() });
  return { get: (target) => container.build(awilix.asClass(target)) };
}
// #endregion

// #region hand
/** By hand: nothing else is needed, and it may take its time. */
function byHand(): Container {
  const makers = new Map<unknown, () => object>([[Time, () => new Time(new Clock())]]);
  return {
    async get(target) {
      const make = makers.get(target);
      if (make === undefined) throw new Error(`nobody knows how to make ${target.name}`);
      return make();
    },
  };
}
// #endregion

@Group('grouped')
class Grouped {
  constructor(readonly greeting: string) {}
  @Endpoint() greet() {
    return this.greeting;
  }
}

@Service({ name: 'mounting', version: '1.0.0', groups: [Grouped] })
class Mounting {
  constructor(readonly farewell: string) {}
  @Endpoint() leave() {
    return this.farewell;
  }
}

const nowhere = { connection: { servers: 'nats://127.0.0.1:1' }, logger: false } as const;

onEachServer((server) => {
  it.each<[string, () => Container]>([
    ['tsyringe', withTsyringe],
    ['Inversify', withInversify],
    ['Awilix', withAwilix],
    ['a container that is asynchronous', byHand],
  ])('instances come from %s, with what they need', async (_, container) => {
    await using stage = await Stage.start(server, Time, { container: container() });
    expect((await stage.call('now')).value).toBe('12:00');
    expect(stage.host.get(Time)).toBeInstanceOf(Time);
  });

  it('the container is asked once for each class of a host, group classes included', async () => {
    const asked: string[] = [];
    const container: Container = {
      get: (target) => {
        asked.push(target.name);
        return new (target as new (words: string) => InstanceType<typeof target>)(`from ${target.name}`);
      },
    };
    await using stage = await Stage.start(server, Mounting, { container });
    expect((await stage.call('leave')).value).toBe('from Mounting');
    expect((await stage.call('grouped.greet')).value).toBe('from Grouped');
    await stage.call('leave');
    expect(asked).toEqual(['Mounting', 'Grouped']);
  });

  it.each<[string, Container, string]>([
    [
      'throws',
      {
        get: () => {
          throw new Error('not registered');
        },
      },
      'not registered',
    ],
    ['rejects', { get: () => Promise.reject(new Error('not registered')) }, 'not registered'],
    [
      'gives nothing',
      { get: () => undefined as never },
      'the container gave undefined for Time; register the class with it',
    ],
    [
      'gives something else',
      { get: () => ({}) },
      'the object that is to serve as Time has no method "now"; register the class itself with the container',
    ],
  ])('a container that %s makes create() reject', async (_, container, words) => {
    await expect(Stage.start(server, Time, { container })).rejects.toThrow(words);
  });
});

it('without a container, a constructor that wants arguments is refused before connecting, for each class at once', async () => {
  await expect(NatsServiceFactory.create(Mounting, nowhere)).rejects.toMatchObject({
    name: 'DefinitionError',
    mistakes: [{ where: 'Mounting' }, { where: 'Grouped' }],
  });
  await expect(NatsServiceFactory.create(Time, nowhere)).rejects.toThrow(
    /^Time has a constructor with 1 parameter.*; give create\(\) an instance, new Time\(\.\.\.\), or a container: create\(\.\.\., \{ container: /,
  );
});
