// What Node.js has and a browser has not. Bundles for browsers get browser.ts in its place, by "browser" in package.json.
import { Buffer, isUtf8 } from 'node:buffer';
import { randomFillSync } from 'node:crypto';
import { tracingChannel } from 'node:diagnostics_channel';
import { readFileSync } from 'node:fs';
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { types } from 'node:util';

const { isAnyArrayBuffer, isDataView } = types;
export { Buffer, delay, isAnyArrayBuffer, isDataView, isUtf8, nextTurn, randomFillSync, readFileSync, tracingChannel };

export function environment(): NodeJS.ProcessEnv {
  return process.env;
}

/** Tells whoever runs the program of a mistake that harms nobody yet. */
export function warn(message: string): void {
  process.emitWarning(message, 'NatsmithWarning');
}

/** A timer that keeps no process alive. */
export function inBackground(timer: NodeJS.Timeout): NodeJS.Timeout {
  return timer.unref();
}
