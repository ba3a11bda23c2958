import { decode, encode } from '@msgpack/msgpack';
import { type Codec, Endpoint, Service } from '@natsmith/core';
import { IsInt } from 'class-validator';

export const messagePack: Codec = {
  name: 'msgpack',
  decode: (body) => decode(body),
  encode: (value) => encode(value),
};

class Pair {
  @IsInt() a!: number;
  @IsInt() b!: number;
}

@Service({ name: 'packed', version: '1.0.0' })
export class Packed {
  @Endpoint({ codec: messagePack })
  sum({ a, b }: Pair) {
    return { sum: a + b };
  }

  @Endpoint({ codec: 'text' })
  shout(words: string) {
    return words.toUpperCase();
  }

  @Endpoint()
  size(file: Uint8Array) {
    return file.length;
  }
}
