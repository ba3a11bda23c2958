import 'reflect-metadata';
import { isUtf8 } from 'node:buffer';
import { Endpoint, MAX_JSON_DEPTH, Service } from '@natsmith/core';
import { Exclude, Expose, plainToInstance, Transform, Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  ArrayUnique,
  Equals,
  IsArray,
  IsBoolean,
  IsDate,
  IsDateString,
  IsDefined,
  IsEmail,
  IsEnum,
  IsIn,
  IsInt,
  IsNotEmpty,
  IsNumber,
  IsObject,
  IsOptional,
  IsPositive,
  IsString,
  IsUUID,
  Length,
  Matches,
  Max,
  MaxLength,
  Min,
  validate,
  ValidateBy,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import * as fc from 'fast-check';
import { type MsgHdrs } from 'nats';
import { parse } from 'secure-json-parse';
import { Reply } from '#test/reply';
import { onStage, type Stage } from '#test/stage';
import { violationsIn, type Violation } from '../violations';

const RUNS = Number(process.env.FUZZ_RUNS ?? 2000);

enum Speed {
  Slow = 'slow',
  Fast = 'fast',
}

class Line {
  @IsString() @Length(1, 8) sku!: string;
  @IsInt() @Min(1) @Max(99) quantity!: number;
  @IsOptional() @IsIn(['s', 'm', 'l']) size?: string;
  @IsOptional() @ValidateNested() @Type(() => Line) gift?: Line;
}

class Customer {
  @IsEmail() email!: string;
  @IsBoolean() vip!: boolean;
  @IsOptional() @Matches(/^\d+$/) phone?: string;
}

/** Everything here is synchronous, and no property is changed on its way. */
class Order {
  @IsUUID() id!: string;
  @IsDefined() @ValidateNested() @Type(() => Customer) customer!: Customer;
  @IsArray() @ArrayMinSize(1) @ArrayMaxSize(4) @ValidateNested({ each: true }) @Type(() => Line) lines!: Line[];
  @IsNumber({ maxDecimalPlaces: 2 }) @IsPositive() total!: number;
  @IsOptional() @IsObject() meta?: object;
  @IsOptional() @IsDateString() date?: string;
  @IsOptional() @IsEnum(Speed) speed?: Speed;
  @IsOptional() @IsString({ each: true }) @ArrayUnique() tags?: string[];
  @IsOptional() @Equals('yes') agreed?: string;
}

/** Transformed, conditional, renamed, asynchronous. */
class Rich {
  @Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.trim() : value))
  @IsNotEmpty()
  @MaxLength(5)
  name!: string;
  @Type(() => Date) @IsDate() due!: Date;
  @Type(() => Number) @IsInt() age!: number;
  @ValidateIf((o: Rich) => o.age > 3) @IsString() why?: string;
  @Expose({ name: 'first_name' }) @IsString() firstName!: string;
  @Exclude() @IsOptional() @IsString() secret?: string;
  @IsOptional()
  @ValidateBy({ name: 'isFree', validator: { validate: async (value) => value !== 'taken' } })
  nick?: string;
  @IsOptional() @ValidateNested() @Type(() => Line) line?: Line;
  @IsOptional() @ValidateNested({ each: true }) @Type(() => Line) lines?: Line[];
}

@Service({ name: 'fuzz', version: '1.0.0' })
class Fuzz {
  @Endpoint() order(payload: Order) {
    return payload;
  }
  @Endpoint() rich(payload: Rich) {
    return payload;
  }
  @Endpoint({ request: [Line] }) lines(payload: Line[]) {
    return payload;
  }
  @Endpoint() neighbour() {
    return 'fine';
  }
}

const EXAMPLES = {
  order: {
    id: '2b1f0f0e-6a0b-4a55-9e4d-2c4d0e1f2a3b',
    customer: { email: 'a@example.com', vip: true, phone: '123' },
    lines: [
      { sku: 'abc', quantity: 1 },
      { sku: 'x', quantity: 99, size: 'm', gift: { sku: 'y', quantity: 2 } },
    ],
    total: 9.99,
    meta: { a: [1, { b: null }] },
    date: '2024-02-29T00:00:00Z',
    speed: 'fast',
    tags: ['a', 'b'],
    agreed: 'yes',
  },
  rich: {
    name: ' Ann ',
    due: '2024-01-01',
    age: '5',
    why: 'so',
    first_name: 'Ann',
    secret: 's',
    nick: 'free',
    line: { sku: 'a', quantity: 1 },
  },
  lines: [
    { sku: 'a', quantity: 1, size: 's' },
    { sku: 'b', quantity: 2, gift: { sku: 'c', quantity: 3 } },
  ],
};

type Name = keyof typeof EXAMPLES;
const CLASSES: Record<Name, new () => object> = { order: Order, rich: Rich, lines: Line };

/** What class-validator itself says of a body: the reply's value, or the violations where it gets to see it. */
async function verdict(name: Name, body: Uint8Array): Promise<{ code?: 200 | 400; value?: unknown }> {
  const text = Buffer.from(body).toString();
  let plain: unknown;
  try {
    if (!isUtf8(body)) return { code: 400 };
    plain = parse(text, { protoAction: 'remove', constructorAction: 'remove' });
  } catch {
    return { code: 400 };
  }
  if (typeof plain !== 'object' || plain === null || Array.isArray(plain) !== (name === 'lines')) return { code: 400 };
  if (depth(plain) > MAX_JSON_DEPTH) return { code: 400 };
  let instance: object;
  try {
    instance = plainToInstance<object, unknown>(CLASSES[name], plain);
  } catch {
    // class-transformer trips over values named "constructor" where nobody asked for them; natsmith may not look there.
    return {};
  }
  const violations: Violation[] = [];
  for (const [index, item] of name === 'lines' ? (instance as unknown[]).entries() : [[-1, instance] as const]) {
    const path = index < 0 ? '' : `[${index}]`;
    if (typeof item !== 'object' || item === null || Array.isArray(item))
      violations.push({ path, constraints: { isObject: 'item must be an object' } });
    else {
      try {
        violations.push(...violationsIn(await validate(item, { whitelist: true }), path));
      } catch {
        // Some of class-validator's own validators throw, at half a surrogate pair, or at a number like 1e-7.
        return { code: 400 };
      }
    }
  }
  if (violations.length > 0) return { code: 400, value: violations };
  return { code: 200, value: JSON.parse(JSON.stringify(instance)) as unknown };
}

function depth(value: unknown): number {
  return typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depth)) : 0;
}

const odd = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    '',
    ' ',
    0,
    -0,
    -1,
    1.001,
    1e21,
    1e308,
    true,
    [],
    {},
    [null],
    [[]],
    'taken',
    '1',
    '\u0000',
    '\ud800',
    { then: 1 },
    { length: 3 },
    { toString: 1 },
    { constructor: 1 },
  ),
  fc.jsonValue({ maxDepth: 3 }),
);
const key = fc.oneof(
  fc.constantFrom(
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'hasOwnProperty',
    'length',
    'then',
    '0',
    '',
    '$ref',
    'toJSON',
  ),
  fc.constantFrom(
    'id',
    'customer',
    'lines',
    'gift',
    'sku',
    'quantity',
    'email',
    'name',
    'due',
    'age',
    'first_name',
    'firstName',
    'nick',
    'line',
  ),
  fc.string({ maxLength: 5 }),
);

/** Changes one place of a JSON value: replaces, removes or adds something. */
function change(
  value: unknown,
  steps: readonly number[],
  how: 'replace' | 'remove' | 'add',
  name: string,
  by: unknown,
): unknown {
  if (typeof value !== 'object' || value === null || steps.length === 0) {
    if (how !== 'add' || typeof value !== 'object' || value === null) return by;
    return Array.isArray(value) ? [...(value as unknown[]), by] : withKey(value, name, by);
  }
  const keys = Object.keys(value);
  const [step = 0, ...rest] = steps;
  const at = keys[step % Math.max(keys.length, 1)];
  if (at === undefined) return by;
  const copy: Record<string, unknown> = Array.isArray(value) ? ([...(value as unknown[])] as never) : { ...value };
  if (how === 'remove' && rest.length === 0) {
    if (Array.isArray(copy)) copy.splice(Number(at), 1);
    else delete copy[at];
  } else copy[at] = change(copy[at], rest, how, name, by);
  return copy;
}

function withKey(value: object, name: string, by: unknown): object {
  return Object.defineProperty({ ...value }, name, { value: by, enumerable: true, configurable: true, writable: true });
}

const mutated = fc
  .record({
    name: fc.constantFrom<Name>('order', 'rich', 'lines'),
    changes: fc.array(
      fc.record({
        steps: fc.array(fc.nat(12), { maxLength: 4 }),
        how: fc.constantFrom('replace' as const, 'remove' as const, 'add' as const),
        key,
        by: odd,
      }),
      { maxLength: 4 },
    ),
  })
  .map(({ name, changes }) => ({
    name,
    body: Buffer.from(
      JSON.stringify(
        changes.reduce<unknown>((value, c) => change(value, c.steps, c.how, c.key, c.by), EXAMPLES[name]),
      ) ?? '',
    ),
  }));

const anyName = fc.constantFrom<Name>('order', 'rich', 'lines');
const bodies = fc.oneof(
  { weight: 6, arbitrary: mutated },
  {
    weight: 2,
    arbitrary: fc.record({ name: anyName, body: fc.json({ maxDepth: 6 }).map((text) => Buffer.from(text)) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ name: anyName, body: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)) }),
  },
  {
    // A valid body that was cut off, or one byte of which was changed on the way.
    weight: 1,
    arbitrary: fc.record({ name: anyName, at: fc.nat(400), byte: fc.option(fc.nat(255)) }).map(({ name, at, byte }) => {
      const body = Buffer.from(JSON.stringify(EXAMPLES[name]));
      if (byte === null) return { name, body: body.subarray(0, at) };
      body[at % body.length] = byte;
      return { name, body };
    }),
  },
);

/** Header blocks that a client library would not write. */
const blocks = fc.option(
  fc.oneof(
    fc
      .array(fc.tuple(fc.string(), fc.string()), { maxLength: 5 })
      .map((lines) => Buffer.from(`NATS/1.0\r\n${lines.map(([k, v]) => `${k}: ${v}\r\n`).join('')}\r\n`)),
    fc.uint8Array({ minLength: 1, maxLength: 80 }).map((bytes) => Buffer.from(bytes)),
  ),
  { freq: 4 },
);

async function send(stage: Stage, name: Name, body: Uint8Array, block: Buffer | null): Promise<Reply> {
  // nats.js asks its headers for nothing but their bytes.
  const headers = block === null ? undefined : ({ encode: () => block } as unknown as MsgHdrs);
  return new Reply(await stage.caller.request(name, body, { timeout: 5000, ...(headers && { headers }) }));
}

onStage('fuzz', Fuzz, (stage) => {
  it('the examples are valid as they are', async () => {
    for (const name of Object.keys(EXAMPLES) as Name[])
      expect([name, (await send(stage, name, Buffer.from(JSON.stringify(EXAMPLES[name])), null)).code]).toEqual([
        name,
        200,
      ]);
  });

  it(
    `${RUNS} bodies and header blocks: each is answered, exactly as class-validator says, and nobody else notices`,
    async () => {
      const prototypes = [
        Object.prototype,
        Array.prototype,
        Order.prototype,
        Line.prototype,
        Customer.prototype,
        Rich.prototype,
      ];
      const before = prototypes.map((prototype) => Object.getOwnPropertyNames(prototype));
      const { connection } = stage.host;
      const codes: Record<number, number> = { 200: 0, 400: 0 };
      let runs = 0;
      await fc.assert(
        fc.asyncProperty(bodies, blocks, async ({ name, body }, block) => {
          const asked = runs++ % 50 === 0 ? stage.call('neighbour') : undefined;
          const [reply, expected] = await Promise.all([send(stage, name, body, block), verdict(name, body)]);
          const codesThen = expected.code === undefined ? [200, 400] : [expected.code];
          expect([body.toString(), codesThen]).toEqual([body.toString(), expect.arrayContaining([reply.code])]);
          if (expected.code === 200) expect(reply.value).toEqual(expected.value);
          else if (expected.value !== undefined)
            expect(sorted(reply.value)).toEqual(sorted((expected.value as unknown[]).slice(0, 100)));
          if (asked !== undefined) expect((await asked).value).toBe('fine');
          codes[reply.code]!++;
        }),
        { numRuns: RUNS, verbose: 1 },
      );
      // Both outcomes are common, or the suite would prove little.
      expect(codes[200]).toBeGreaterThan(RUNS / 50);
      expect(codes[400]).toBeGreaterThan(RUNS / 10);
      expect(prototypes.map((prototype) => Object.getOwnPropertyNames(prototype))).toEqual(before);
      expect(connection.isClosed()).toBe(false);
      expect(stage.log.of('error')).toEqual([]);
    },
    60_000 + RUNS * 20,
  );
});

function sorted(violations: unknown): unknown[] {
  return (violations as Violation[]).map((violation) => JSON.stringify(violation)).sort();
}
