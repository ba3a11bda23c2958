const encoder = new TextEncoder();
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** As much of Node's Buffer as natsmith uses where a browser runs it. */
export class Bytes extends Uint8Array {
  static override from(value: unknown, ...rest: unknown[]): Bytes {
    if (typeof value === 'string') return Bytes.over(encoder.encode(value));
    if (value instanceof ArrayBuffer) return new Bytes(value, ...(rest as [number?, number?]));
    const items = value as ArrayLike<number>;
    const bytes = new Bytes(items.length);
    bytes.set(items);
    return bytes;
  }

  static over({ buffer, byteOffset, byteLength }: Uint8Array<ArrayBuffer>): Bytes {
    return new Bytes(buffer, byteOffset, byteLength);
  }

  static alloc(size: number): Bytes {
    return new Bytes(size);
  }

  static allocUnsafe(size: number): Bytes {
    return new Bytes(size);
  }

  static isBuffer(value: unknown): value is Bytes {
    return value instanceof Bytes;
  }

  static byteLength(value: string | ArrayBufferView): number {
    return typeof value === 'string' ? encoder.encode(value).length : value.byteLength;
  }

  override toString(encoding = 'utf8', start = 0, end = this.length): string {
    const part = this.subarray(start, end);
    if (encoding === 'base64url')
      return btoa(String.fromCharCode(...part))
        .replaceAll('+', '-')
        .replaceAll('/', '_')
        .replace(/=+$/, '');
    return encoding === 'latin1' ? String.fromCharCode(...part) : utf8.decode(part);
  }
}
