// What Node.js has and a browser has not. Bundles for browsers get browser.ts in its place, by "browser" in package.json.
import { Buffer, isUtf8 } from 'node:buffer';
import { randomFillSync } from 'node:crypto';
import { tracingChannel as channelsOf, type TracingChannel } from 'node:diagnostics_channel';
import { setMaxListeners } from 'node:events';
import { readFileSync } from 'node:fs';
import type * as Net from 'node:net';
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { types } from 'node:util';

const { isAnyArrayBuffer, isDataView, isMap, isNativeError, isPromise, isSet } = types;
export { Buffer, delay, isUtf8, nextTurn, randomFillSync, readFileSync };
export { isAnyArrayBuffer, isDataView, isMap, isNativeError, isPromise, isSet };

export function environment(): NodeJS.ProcessEnv {
  return process.env;
}

/** Warns of a mistake that harms nobody yet, as a warning of the process. */
export function warn(message: string): void {
  process.emitWarning(message, 'NatsmithWarning');
}

/** Channels of operations, as Node.js has them; Bun's do not tell whether somebody listens. */
export function tracingChannel<Store, Context extends object>(name: string): TracingChannel<Store, Context> {
  const channels = channelsOf<Store, Context>(name);
  if (!('hasSubscribers' in channels)) {
    const { start, end, asyncStart, asyncEnd, error } = channels as TracingChannel<Store, Context>;
    const all = [start, end, asyncStart, asyncEnd, error];
    Object.defineProperty(channels, 'hasSubscribers', { get: () => all.some((each) => each.hasSubscribers) });
  }
  return channels;
}

/** A timer that keeps no process alive. */
export function inBackground(timer: NodeJS.Timeout): NodeJS.Timeout {
  return timer.unref();
}

/** An AbortController whose signal may have any number of listeners: more than ten look like a leak to Node.js. */
export function sharedController(): AbortController {
  const controller = new AbortController();
  setMaxListeners(Infinity, controller.signal);
  return controller;
}

const KEEPS_LISTENER = Symbol.for('natsmith.keepsErrorListener');

/**
 * Lets a server close a connection in Deno without ending the process. Deno reads what a server says last and the reset
 * of the connection in one go, where Node.js lets promises continue in between; so the client libraries, told that they
 * are refused, remove their listeners from a socket that is about to emit the reset as an error.
 */
export function surviveResets(): void {
  if (!('Deno' in globalThis)) return;
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- only client libraries for Node.js need it anyway
  const { prototype } = (require('node:net') as typeof Net).Socket;
  if (KEEPS_LISTENER in prototype) return;
  const { removeAllListeners } = prototype as { removeAllListeners: (this: Net.Socket, event?: string) => Net.Socket };
  Object.assign(prototype, {
    [KEEPS_LISTENER]: true,
    removeAllListeners(this: Net.Socket, ...events: [event?: string]) {
      removeAllListeners.apply(this, events);
      if (this.destroyed && events.length === 0) this.on('error', () => undefined);
      return this;
    },
  });
}
