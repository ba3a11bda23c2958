import 'reflect-metadata';
import { type Container, Endpoint, Service } from '@natsmith/core';
import * as awilix from 'awilix';
import * as inversify from 'inversify';
import * as tsyringe from 'tsyringe';

export class Clock {
  now(): string {
    return '12:00';
  }
}

@tsyringe.injectable()
@Service({ name: 'time', version: '1.0.0' })
export class Time {
  constructor(private readonly clock: Clock) {}

  @Endpoint()
  now() {
    return this.clock.now();
  }
}

/** tsyringe makes classes that it was never told of, so there is nothing to register. */
export function withTsyringe(): Container {
  return { get: (target) => tsyringe.container.resolve(target as new () => never) };
}

/** Inversify has `get` itself; bindings say how classes are made. */
export function withInversify(): Container {
  const container = new inversify.Container();
  container
    .bind(Clock)
    .toDynamicValue(() => new Clock())
    .inSingletonScope();
  container.bind(Time).toDynamicValue(({ get }) => new Time(get(Clock)));
  return container;
}

/** Awilix knows things by name, and makes any class by what its constructor's parameters are called. */
export function withAwilix(): Container {
  const container = awilix.createContainer({ injectionMode: awilix.InjectionMode.CLASSIC });
  container.register({ clock: awilix.asClass(Clock).singleton() });
  return { get: (target) => container.build(awilix.asClass(target as new () => never)) };
}

/** By hand: nothing else is needed, and it may take its time. */
export function byHand(): Container {
  const makers = new Map<unknown, () => object>([[Time, () => new Time(new Clock())]]);
  return {
    async get<T>(target: new (...args: never[]) => T) {
      const make = makers.get(target);
      if (make === undefined) throw new Error(`nobody knows how to make ${target.name}`);
      return make() as T;
    },
  };
}
