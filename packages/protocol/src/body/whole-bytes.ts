import { Buffer, isAnyArrayBuffer, isDataView } from '../platform/node';

const EMPTY = new Uint8Array(0);
const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as object;

/**
 * Bytes whose length is true. The header of a message says it, so a subclass of Uint8Array whose property says something else would
 * break the connection. @throws TypeError for what only pretends to be bytes
 */
export function wholeBytes(bytes: Uint8Array): Uint8Array {
  // Also where their buffer was handed to a worker meanwhile; nothing can be copied from that.
  if (bytes.byteLength === 0) return EMPTY;
  const prototype: unknown = Object.getPrototypeOf(bytes);
  const isOfNode = prototype === Buffer.prototype || prototype === Uint8Array.prototype;
  if (isOfNode && !Object.hasOwn(bytes, 'length')) return bytes;
  const own = <T>(property: string): T => Reflect.get(typedArray, property, bytes) as T;
  return Buffer.from(own<ArrayBuffer>('buffer'), own<number>('byteOffset'), own<number>('byteLength'));
}

/** The bytes of what holds bytes and nothing else: an ArrayBuffer or a DataView; undefined for anything else. */
export function bytesIn(value: unknown): Uint8Array | undefined {
  if (isAnyArrayBuffer(value)) return new Uint8Array(value);
  if (isDataView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  return undefined;
}

/** The same bytes as a Buffer, without a copy. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
