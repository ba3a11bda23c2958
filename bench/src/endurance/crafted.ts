import type { Random } from './random';

const VALID = ['{"a":17,"b":25}', '{"n":5}', '{"items":[{"sku":"apple","quantity":1}]}'];

const NONSENSE = [
  ...[
    '',
    ' ',
    'null',
    'true',
    '0',
    '-0',
    '1e999',
    '-1e999',
    'NaN',
    'Infinity',
    '9'.repeat(400),
    '0x10',
    '01',
    '1.',
    '"',
  ],
  ...[
    '[]',
    '{}',
    '[1,2]',
    '"text"',
    '"\\ud800"',
    '"\\u0000"',
    '\ufeff{"a":1,"b":2}',
    '{"a":1,"a":2,"b":3,"b":4}',
    '{,}',
  ],
  ...['{"a":"17","b":[]}', '{"a":null,"b":{}}', '{"a":1e308,"b":1e308}', '{"a":1e999,"b":0}', '{"a":1}', '{"b":true}'],
  ...[
    '{"__proto__":{"a":1,"b":2}}',
    '{"a":1,"b":2,"__proto__":null}',
    '{"a":1,"b":2,"constructor":{"prototype":{"x":1}}}',
  ],
  ...[
    '{"a":1,"b":2,"toString":1,"valueOf":2,"hasOwnProperty":3}',
    '{"then":1,"a":1,"b":2}',
    '{"toJSON":1,"a":{"toJSON":2}}',
  ],
  ...['{"n":-1}', '{"n":"x"}', '{"n":1e9}', '{"n":1.5}', '{"n":null}', '{"n":{"valueOf":1}}', '{"length":4294967295}'],
  ...[
    '{"items":1}',
    '{"items":[1,null,"x",[]]}',
    '{"items":[{"sku":1,"quantity":"1"}]}',
    '{"items":{"length":3,"0":{}}}',
  ],
  ...[
    '{"items":[{"__proto__":{"sku":"a","quantity":1}}]}',
    '{"items":[[[[{}]]]]}',
    '/* */{}',
    '{"a":1,"b":2}{"a":1,"b":2}',
  ],
];

const bodies: ((random: Random) => string | Buffer)[] = [
  (random) => random.pick(VALID),
  (random) => random.pick(NONSENSE),
  (random) => random.bytes(random.below(300)),
  // One byte is another.
  (random) => {
    const body = Buffer.from(random.pick(VALID));
    body[random.below(body.length)] = random.below(256);
    return body;
  },
  (random) => {
    const body = random.pick(VALID);
    return body.slice(0, random.below(body.length));
  },
  (random) => Buffer.concat([Buffer.from('{"a":"'), random.bytes(random.below(20)), Buffer.from('","b":1}')]),
  (random) => JSON.stringify({ [random.bytes(random.below(20)).toString('latin1')]: random.next(), a: 1, b: 2 }),
];

const rareBodies: ((random: Random) => string)[] = [
  (random) => nested('[', ']', random),
  (random) => nested('{"a":', '}', random),
  (random) => nested('{"items":[', ']}', random),
  (random) => JSON.stringify({ items: Array.from({ length: random.below(300) }, () => ({ sku: 'x', quantity: 1.5 })) }),
  () => JSON.stringify({ items: Array.from({ length: 10_001 }, () => 1) }),
  (random) => JSON.stringify({ a: 'x'.repeat(random.below(100_000)), b: 1 }),
];

function nested(open: string, close: string, random: Random): string {
  const depth = random.below(3000);
  return open.repeat(depth) + '1' + close.repeat(random.chance(0.5) ? depth : random.below(depth + 1));
}

/** A body that is right, almost right, or nothing that anybody would send. */
export function craftedBody(random: Random): Buffer {
  const body = random.pick(random.chance(0.01) ? rareBodies : bodies)(random);
  return typeof body === 'string' ? Buffer.from(body) : body;
}

const NAMES = [
  ...['Natsmith-Timeout', 'Natsmith-Cancel', 'Natsmith-Credit', 'Natsmith-Upload', 'Natsmith-Seq', 'Natsmith-Chunks'],
  ...[
    'Natsmith-Size',
    'Natsmith-Request-Id',
    'Nats-Service-Error-Code',
    'Nats-Service-Error',
    'Nats-Msg-Id',
    'X-Tenant',
  ],
  ...['natsmith-timeout', 'NATSMITH-CREDIT', '', ' ', ':', 'a b', '__proto__', 'constructor', 'toString', 'length'],
  ...['\xdcn\xef', '\0', '\x7f', 'x'.repeat(1000)],
];

const VALUES = [
  ...['', ' ', '0', '1', '5', '50', '-1', '-0', '+5', '1.5', '1e3', '1e999', 'NaN', 'Infinity', '0x10', '2147483648'],
  ...[
    '9007199254740993',
    '9'.repeat(30),
    'x\0y',
    '\xff\xfe',
    '>',
    '*',
    'a b',
    '.',
    'a..b',
    '$SRV.PING',
    'plain',
    'both',
  ],
  ...['upload', 'items', '_INBOX.>', 'acme', ': :', '{"a":1}', 'x'.repeat(3000)],
];

const HEARTBEATS = [...Array<string>(40).fill('50'), '1', '60', '0', '-5', 'x', '1e3', '2000'];

const LINE_ENDS = ['\r\n', '\r\n', '\r\n', '\r\n', '\n', '\r', '', '\r\n\r\n'];

/** A header block that the server passes on, whatever is in it; empty for none. @param own subjects of the sender's */
export function craftedHeaders(random: Random, own: { inbox: string; control: string }): Buffer {
  if (random.chance(0.4)) return Buffer.alloc(0);
  const first = random.chance(0.9)
    ? 'NATS/1.0'
    : random.pick(['NATS/1.0 503', 'NATS/1.0 408 x', 'NATS/9', 'HTTP/1.1', '', 'x']);
  // Most are well formed: what is in them is to be looked at.
  const isSound = random.chance(0.7);
  const lines = Array.from({ length: random.below(5) }, () => {
    const [name, value] = random.chance(0.3) ? natsmithLine(random, own) : [random.pick(NAMES), random.pick(VALUES)];
    if (isSound) return `${name}: ${value}\r\n`;
    if (random.chance(0.1)) return random.bytes(random.below(40)).toString('latin1');
    return name + random.pick([': ', ':', ' : ', '', '::', '\t']) + value + random.pick(LINE_ENDS);
  });
  // Without one a silent stream is waited for 6 s.
  if (lines.some((line) => /Credit|Chunks|Upload/i.test(line)) && random.chance(0.9))
    lines.unshift(`Natsmith-Heartbeat: ${random.pick(HEARTBEATS)}\r\n`);
  const end = isSound || random.chance(0.8) ? '\r\n' : '';
  return Buffer.from(`${first}\r\n${lines.join('')}${end}`, 'latin1');
}

function natsmithLine(random: Random, { inbox, control }: { inbox: string; control: string }): [string, string] {
  return random.pick<() => [string, string]>([
    () => ['Natsmith-Heartbeat', random.pick(HEARTBEATS)],
    () => ['Natsmith-Credit', String(random.below(20))],
    () => ['Natsmith-Chunks', String(random.below(20))],
    () => ['Natsmith-Size', random.pick(['1', '15', '300', '70000000', '67108864', '0', 'x'])],
    () => ['Natsmith-Upload', control],
    () => ['Natsmith-Cancel', `${inbox}.cancel`],
    () => ['Natsmith-Timeout', String(random.below(100))],
  ])();
}

/** What somebody says who was offered or asked for items; undefined for silence. */
export function craftedAnswer(
  random: Random,
  sequence: number,
): { headers: Buffer; body: Buffer; continues: boolean } | undefined {
  const header = (line: string): Buffer => Buffer.from(`NATS/1.0\r\n${line}\r\n\r\n`, 'latin1');
  const none = Buffer.alloc(0);
  const kind = random.next();
  if (kind < 0.02) return undefined;
  if (kind < 0.4) return { headers: header(`Natsmith-Seq: ${sequence}`), body: craftedBody(random), continues: true };
  if (kind < 0.6) return { headers: header(`Natsmith-Seq: ${sequence}`), body: none, continues: false };
  if (kind < 0.7) return { headers: none, body: Buffer.from(`credit ${random.pick(VALUES)}`), continues: false };
  if (kind < 0.8)
    return { headers: none, body: Buffer.from(random.pick(['cancel', 'credit', 'cancel ', '\0'])), continues: false };
  if (kind < 0.9)
    return { headers: header(`Nats-Service-Error-Code: ${random.pick(VALUES)}`), body: none, continues: false };
  return { headers: header(`Natsmith-Seq: ${random.pick(VALUES)}`), body: craftedBody(random), continues: false };
}
