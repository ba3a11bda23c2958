import { ServiceError } from '@natsmith/core';

const refuse = (): never => {
  throw new Error('not even this');
};

/** A promise that nobody ever settles. */
export const never = new Promise<never>(() => undefined);

/** A proxy that throws whatever is done with it. */
export function trap(target: object = {}): object {
  return new Proxy(target, {
    get: refuse,
    has: refuse,
    getPrototypeOf: refuse,
    ownKeys: refuse,
    getOwnPropertyDescriptor: refuse,
  });
}

/** An object whose property throws when it is read. */
export function withGetter<T extends object>(target: T, name: string): T {
  return Object.defineProperty(target, name, { get: refuse, enumerable: true });
}

const hostileError = (name: string): Error => withGetter(new Error('hidden'), name);
const hostileServiceError = (name: string): ServiceError => withGetter(new ServiceError(400, 'hidden'), name);

/** What may be thrown, and what a promise may be rejected with; all of it is a 500 to the caller. */
export const thrown: Record<string, () => unknown> = {
  'an Error': () => new Error('no'),
  'a string': () => 'no',
  undefined: () => undefined,
  null: () => null,
  'a symbol': () => Symbol('no'),
  'a promise': () => never,
  'a frozen Error': () => Object.freeze(new Error('no')),
  'an Error whose message throws': () => hostileError('message'),
  'an Error whose cause throws': () => hostileError('cause'),
  'an Error whose stack throws': () => hostileError('stack'),
  'a proxy that throws': () => trap(),
  'a proxy of a ServiceError that throws': () => trap(new ServiceError(400, 'no')),
  'a ServiceError whose code throws': () => hostileServiceError('code'),
  'a ServiceError whose description throws': () => hostileServiceError('description'),
  'a ServiceError whose data throws': () => hostileServiceError('data'),
  'a ServiceError whose headers throw': () => hostileServiceError('headers'),
  'a ServiceError whose cause throws': () => hostileServiceError('cause'),
  'a ServiceError whose code is a hostile ServiceError': () =>
    Object.defineProperty(new ServiceError(400, 'no'), 'code', {
      get: () => {
        throw hostileServiceError('code');
      },
    }),
  'a ServiceError with a code that is not a number': () => new ServiceError('400' as never, 'no'),
  'a ServiceError with data that throws': () => new ServiceError(400, 'no', { data: { toJSON: refuse } }),
  'a ServiceError with headers that are none': () =>
    new ServiceError(400, 'no', { headers: { a: [Symbol('no')] as never } }),
  'a ServiceError with a line break in a header': () =>
    new ServiceError(400, 'no', { headers: { a: 'b\r\nPUB victim 0\r\n' } }),
};

/** What looks like a promise. */
export const thenables: Record<string, { value: () => unknown; outcome: string }> = {
  'whose "then" throws': { value: () => ({ then: refuse }), outcome: '500' },
  'whose "then" throws when it is read': { value: () => withGetter({}, 'then'), outcome: '500' },
  'that never settles': { value: () => ({ then: () => undefined }), outcome: 'none' },
  'that resolves and then throws': {
    value: () => ({
      then(resolve: (value: string) => void) {
        resolve('first');
        throw new Error('too late');
      },
    }),
    outcome: 'ok "first"',
  },
  'that resolves and rejects': {
    value: () => ({
      then(resolve: (value: string) => void, reject: (error: Error) => void) {
        resolve('first');
        reject(new Error('too late'));
      },
    }),
    outcome: 'ok "first"',
  },
  'that rejects twice': {
    value: () => ({
      then(_: unknown, reject: (error: Error) => void) {
        reject(new Error('first'));
        reject(new Error('second'));
      },
    }),
    outcome: '500',
  },
};

/** A Uint8Array that tells a length that it does not have. */
export class LyingBytes extends Uint8Array {
  override get length(): number {
    return 1000;
  }
}

/** Bytes that were handed to a worker. */
export function detached(): Uint8Array {
  const bytes = new Uint8Array([1, 2, 3]);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  return bytes;
}

/** A reply that cannot go out: what is returned, and what JSON would silently make `{}` of. */
export const unencodable: Record<string, () => unknown> = {
  'a proxy that throws': () => trap(),
  'an object whose toJSON throws': () => ({ toJSON: refuse }),
  'an object whose getter throws': () => withGetter({}, 'a'),
  'a Map': () => new Map([['a', 1]]),
  'a Set': () => new Set([1]),
  'an Error': () => new Error('hidden'),
  'a ServiceError': () => new ServiceError(400, 'returned, not thrown'),
  'a sync generator': () =>
    (function* () {
      yield 1;
    })(),
  'an iterator': () => [1].values(),
  'a Float64Array': () => new Float64Array([1.5]),
  'a RegExp': () => /a/,
  'a WeakMap': () => new WeakMap(),
  'a Map in an object': () => ({ a: { b: new Map([['a', 1]]) } }),
  'a Set in an array': () => [[new Set([1])]],
  'an Error in an object': () => ({ error: new Error('hidden') }),
  'a promise in an object': () => ({ a: Promise.resolve(1) }),
  'an ArrayBuffer in an object': () => ({ a: new ArrayBuffer(8) }),
  // Bun gives a URLSearchParams a JSON form; it is a value there.
  ...(!('toJSON' in URLSearchParams.prototype) && { 'a URLSearchParams': () => new URLSearchParams('a=1') }),
  'a Blob': () => new Blob(['a']),
  'a revoked proxy': () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  },
  'a proxy of bytes': () => new Proxy(new Uint8Array([1]), {}),
};
