/** Shared by all copies of the package; a symbol cannot come over the wire. */
const RECEIVED = Symbol.for('natsmith.received');

/** Marks an error that a call ended with: another service's reply, or that there was none. It is not our own answer. */
export function markReceived<E extends Error>(error: E): E {
  return Object.defineProperty(error, RECEIVED, { value: true });
}

/** Whether an error is what a call ended with. */
export function isReceived(error: unknown): boolean {
  try {
    return typeof error === 'object' && error !== null && RECEIVED in error;
  } catch {
    return false; // a proxy that throws
  }
}
