const MIB = 1024 * 1024;

/** Bodies that cost more than their bytes, each filled up to a size. */
const shapes: Record<string, (size: number) => Buffer> = {
  'empty objects': (size) => list(size, '{}'),
  'empty arrays': (size) => list(size, '[]'),
  numbers: (size) => list(size, '1'),
  'short strings': (size) => list(size, '"ab"'),
  'an array in an array': (size) => Buffer.alloc(size, '['),
  'objects in objects': (size) => Buffer.alloc(size, '{"a":'),
  'one string': (size) => quoted(Buffer.alloc(size - 2, 'x')),
  'one string of two-byte characters': (size) => quoted(Buffer.alloc(size - 2, 'ä')),
  'one string of escapes': (size) => quoted(Buffer.alloc(size - 2, '\\n')),
  'one string of quotation marks': (size) => quoted(Buffer.alloc(size - 2, '\\"')),
  'one number': (size) => Buffer.alloc(size, '9'),
  'one key': (size) => Buffer.concat([Buffer.from('{"'), Buffer.alloc(size - 6, 'k'), Buffer.from('":1}')]),
  'many keys': (size) => keys(size),
  'the same key': (size) => pairs(size, () => '"a":1'),
  spaces: (size) => Buffer.alloc(size, ' '),
  'bytes that are not UTF-8': (size) => Buffer.alloc(size, 0xff),
  'an array of items': (size) => inside('{"items":', size, '{"sku":"a","quantity":1}'),
};

export const shapeNames: readonly string[] = Object.keys(shapes);

/** @param mebibytes that it has, or a few bytes less */
export function largeBody(shape: string, mebibytes: number): Buffer {
  const make = shapes[shape];
  if (make === undefined) throw new Error(`no shape "${shape}"`);
  return make(Math.floor(mebibytes * MIB));
}

function quoted(inner: Buffer): Buffer {
  return Buffer.concat([Buffer.from('"'), inner, Buffer.from('"')]);
}

function list(size: number, item: string): Buffer {
  const body = Buffer.alloc(size, `${item},`);
  body.write('[');
  // Whatever is cut off at the end is spaces.
  const end = 1 + Math.floor((size - 2 - item.length) / (item.length + 1)) * (item.length + 1);
  for (let i = 1; i < end;) i += body.write(`${item},`, i);
  body.fill(' ', end);
  body.write(`${item}]`, end);
  return body;
}

function inside(before: string, size: number, item: string): Buffer {
  return Buffer.concat([Buffer.from(before), list(size - before.length - 1, item), Buffer.from('}')]);
}

function keys(size: number): Buffer {
  return pairs(size, (n) => `"k${n}":1`);
}

function pairs(size: number, pair: (n: number) => string): Buffer {
  const body = Buffer.alloc(size, ' ');
  let end = body.write('{');
  for (let n = 0; end + 40 < size; n++) end += body.write(`${n === 0 ? '' : ','}${pair(n)}`, end);
  body.write('}', size - 1);
  return body;
}
