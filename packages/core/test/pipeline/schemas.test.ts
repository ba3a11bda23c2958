import 'reflect-metadata';
import { Endpoint, Service } from '@natsmith/core';
import Ajv2020 from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import { type } from 'arktype';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsEmail,
  IsEnum,
  IsIn,
  IsInt,
  IsNumber,
  IsOptional,
  IsString,
  Length,
  Matches,
  Max,
  Min,
  ValidateBy,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import * as v from 'valibot';
import { z } from 'zod';
import { onStage, Stage } from '#test/stage';

enum Colour {
  Red = 'red',
  Blue = 'blue',
}

class Part {
  @IsString() @Length(1, 5) code!: string;
  @IsInt() @Min(1) @Max(10) count!: number;
}

class Base {
  @IsEmail() email!: string;
}

class Everything extends Base {
  @IsNumber() amount!: number;
  @IsBoolean() flag!: boolean;
  @IsEnum(Colour) colour!: Colour;
  @IsIn(['a', 'b']) choice!: string;
  @Matches(/^x+$/) pattern!: string;
  @IsOptional() @IsString() note?: string | null;
  @ValidateNested() @Type(() => Part) main!: Part;
  @IsArray() @ArrayMaxSize(2) @ValidateNested({ each: true }) @Type(() => Part) parts!: Part[];
  @IsArray() @IsString({ each: true }) tags!: string[];
  @ValidateIf((o: Everything) => o.flag) @IsString() why?: string;
  @IsOptional() @ValidateBy({ name: 'odd', validator: { validate: () => true } }) odd?: Part;
  @IsOptional() @ValidateNested() @Type(() => Part) more?: Part[];
}

const everything = {
  email: 'a@example.com',
  amount: 1.5,
  flag: false,
  colour: 'red',
  choice: 'a',
  pattern: 'xx',
  main: { code: 'a', count: 1 },
  parts: [{ code: 'b', count: 10 }],
  tags: ['t'],
};

const zodSchema = z.object({ a: z.number().min(1), list: z.array(z.string()).optional() });
const arktypeSchema = type({ a: 'number >= 1', 'list?': 'string[]' });
const valibotSchema = v.object({ a: v.number() });

class Out {
  @IsInt() n!: number;
}

class Bare {
  n = 1;
}

@Service({ name: 'schemas', version: '1.0.0' })
class Schemas {
  @Endpoint() everything(_payload: Everything): Out {
    return { n: 1 };
  }
  @Endpoint({ request: [Part], response: [Part] }) list(parts: Part[]) {
    return parts;
  }
  @Endpoint({ request: zodSchema, response: zodSchema }) zod(payload: z.infer<typeof zodSchema>) {
    return payload;
  }
  @Endpoint({ request: arktypeSchema }) arktype(_payload: typeof arktypeSchema.infer): number {
    return 1;
  }
  @Endpoint({ request: valibotSchema }) valibot(_payload: v.InferOutput<typeof valibotSchema>) {
    return 1;
  }
  @Endpoint() promised(_payload: string): Promise<Out> {
    return Promise.resolve({ n: 1 });
  }
  @Endpoint() bare(_payload: Uint8Array): Bare {
    return { n: 1 };
  }
  @Endpoint({ request: 'unchecked', response: String }) unchecked() {
    return 'x';
  }
  @Endpoint() nothing(): boolean {
    return true;
  }
}

@Service({ name: 'silent', version: '1.0.0', schemas: false })
class Silent {
  @Endpoint({ response: Out }) part(_payload: Part) {
    return { n: 1 };
  }
}

const big = z.object(Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`property${i}`, z.string()])));

@Service({ name: 'large', version: '1.0.0' })
class Large {
  @Endpoint({ request: big }) large() {
    return 1;
  }
  @Endpoint({ request: z.object({ a: z.number() }) }) small() {
    return 1;
  }
}

type Metadata = Record<string, string | undefined>;

async function metadataOf(stage: Stage, endpoint: string): Promise<Metadata> {
  const [service] = stage.host.services;
  const info = (await stage.call(`$SRV.INFO.${service!.name}`)).value as {
    endpoints: { name: string; metadata: Metadata }[];
  };
  return info.endpoints.find(({ name }) => name === endpoint)!.metadata;
}

const parsed = (text: string | undefined) =>
  text === undefined ? undefined : (JSON.parse(text) as Record<string, unknown>);

function compile(text: string | undefined) {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats(ajv);
  return ajv.compile(parsed(text)!);
}

onStage('schemas in INFO', Schemas, (stage, server) => {
  const DIALECT = 'https://json-schema.org/draft/2020-12/schema';

  it('are JSON Schema 2020-12 as a string, self-contained, that ajv accepts', async () => {
    for (const endpoint of ['everything', 'list', 'zod', 'arktype', 'promised', 'unchecked', 'nothing'])
      for (const [key, text] of Object.entries(await metadataOf(stage, endpoint))) {
        if (!key.endsWith('_schema')) continue;
        expect(parsed(text)).toMatchObject({ $schema: DIALECT });
        expect(() => compile(text)).not.toThrow();
      }
  });

  it('come from the payload class, nested classes and inheritance included', async () => {
    const { request_schema } = await metadataOf(stage, 'everything');
    expect(parsed(request_schema)).toMatchObject({
      type: 'object',
      properties: {
        email: { type: 'string', pattern: '@' },
        main: { anyOf: [{ $ref: '#/$defs/Part' }, { type: 'array' }] },
        parts: { type: 'array' },
      },
      $defs: { Part: { type: 'object', required: ['code', 'count'] } },
    });
  });

  it.each<[string, object]>([
    ['as it should be', {}],
    ['with a note', { note: 'x' }],
    ['with null for an optional property', { note: null }],
    ['with unknown properties', { more: 1 }],
    ['no email', { email: 'x' }],
    ['no number', { amount: '1' }],
    ['a missing property', { amount: undefined }],
    ['no boolean', { flag: 'true' }],
    ['none of the enum', { colour: 'green' }],
    ['none of the choices', { choice: 'c' }],
    ['not the pattern', { pattern: 'xyz' }],
    ['a note that is not a string', { note: 1 }],
    ['a nested property too long', { main: { code: '123456', count: 1 } }],
    ['a nested number too large', { main: { code: 'a', count: 11 } }],
    ['a nested fraction', { main: { code: 'a', count: 1.5 } }],
    ['a nested property missing', { parts: [{ code: 'a' }] }],
    ['an array too long', { parts: [everything.main, everything.main, everything.main] }],
    ['no array', { parts: {} }],
    ['an item of another type', { tags: [1] }],
    ['nested arrays without `each`', { more: [everything.main] }],
    ['a bad item of nested arrays without `each`', { more: [{}] }],
    ['a property whose condition does not hold', { why: 1 }],
    ['a custom validator that says yes to what the type does not say', { odd: 'text' }],
  ])('the schema of a class agrees with the validator: %s', async (_, change) => {
    const payload = JSON.parse(JSON.stringify({ ...everything, ...change })) as object;
    const accepts = compile((await metadataOf(stage, 'everything')).request_schema);
    const { code } = await stage.call('everything', payload);
    expect([payload, accepts(payload) ? 200 : 400]).toEqual([payload, code]);
  });

  it.each(['zod', 'arktype'])('the schema of %s agrees with the validator', async (endpoint) => {
    const accepts = compile((await metadataOf(stage, endpoint)).request_schema);
    for (const payload of [{ a: 1 }, { a: 0 }, { a: '1' }, {}, { a: 1, list: ['x'] }, { a: 1, list: [1] }, [], 5])
      expect([payload, accepts(payload) ? 200 : 400]).toEqual([payload, (await stage.call(endpoint, payload)).code]);
  });

  it('of [Class] are arrays', async () => {
    const { request_schema, response_schema } = await metadataOf(stage, 'list');
    for (const text of [request_schema, response_schema]) {
      const accepts = compile(text);
      expect([accepts([]), accepts([{ code: 'a', count: 1 }]), accepts([{}]), accepts({})]).toEqual([
        true,
        true,
        false,
        false,
      ]);
    }
  });

  it('are absent where nothing is known: valibot cannot say, bytes, unchecked, a promise, a class without validators', async () => {
    const keys = async (endpoint: string) => Object.keys(await metadataOf(stage, endpoint)).sort();
    expect(await keys('valibot')).toEqual([]);
    expect(await keys('bare')).toEqual([]);
    expect(await keys('unchecked')).toEqual(['response_schema']);
    expect(await keys('nothing')).toEqual(['response_schema']);
    expect(await keys('promised')).toEqual(['request_schema']);
    expect(await keys('arktype')).toEqual(['request_schema', 'response_schema']);
  });

  it('of replies come from `response`, or from a return type that is a class with validators or a primitive', async () => {
    expect(parsed((await metadataOf(stage, 'everything')).response_schema)).toMatchObject({
      properties: { n: { type: 'integer' } },
    });
    expect(parsed((await metadataOf(stage, 'arktype')).response_schema)).toEqual({ $schema: DIALECT, type: 'number' });
    expect(parsed((await metadataOf(stage, 'unchecked')).response_schema)).toEqual({
      $schema: DIALECT,
      type: 'string',
    });
    expect(parsed((await metadataOf(stage, 'zod')).response_schema)).toMatchObject({ type: 'object', required: ['a'] });
  });

  it('`schemas: false` leaves them out', async () => {
    await using silent = await Stage.start(server, Silent);
    expect(await metadataOf(silent, 'part')).toEqual({});
  });
});

onStage(
  'an INFO over max_payload',
  Large,
  (stage) => {
    it('goes without the largest schemas, and a warning names their endpoint', async () => {
      expect(await metadataOf(stage, 'large')).toEqual({});
      expect(Object.keys(await metadataOf(stage, 'small'))).toEqual(['request_schema']);
      expect(stage.log.of('warn')).toMatchObject([
        {
          message: 'INFO is over max_payload; the schemas of endpoint "large" are left out',
          details: { service: 'large', handler: 'large', maxPayload: 4096 },
        },
      ]);
    });
  },
  {},
  { maxPayload: 4096 },
);

/** Two classes of one name, as two modules may have. */
const [namesakeA, namesakeB] = ['a', 'b'].map((property) => {
  class Namesake {}
  IsInt()(Namesake.prototype, property);
  return Namesake;
}) as [new () => object, new () => object];

class Tree {
  @IsInt() value!: number;
  @IsOptional() @ValidateNested({ each: true }) @Type(() => Tree) children?: Tree[];
}

class WithA {
  @ValidateNested() @Type(() => namesakeA) inner!: object;
}

class WithB {
  @ValidateNested() @Type(() => namesakeB) inner!: object;
  @IsOptional() @ValidateNested() @Type(() => namesakeA) other?: object;
}

@Service({ name: 'nested', version: '1.0.0' })
class Nested {
  @Endpoint() tree(_payload: Tree) {}
  @Endpoint() withA(_payload: WithA) {}
  @Endpoint() withB(_payload: WithB) {}
}

onStage('schemas of nested classes', Nested, (stage) => {
  it.each<[string, unknown[]]>([
    [
      'tree',
      [{ value: 1 }, { value: 1, children: [{ value: 2, children: [{ value: 3 }] }] }, { value: 1, children: [{}] }],
    ],
    ['withA', [{ inner: { a: 1 } }, { inner: { b: 1 } }, { inner: {} }]],
    [
      'withB',
      [
        { inner: { a: 1 } },
        { inner: { b: 1 } },
        { inner: { b: 1 }, other: { a: 1 } },
        { inner: { b: 1 }, other: { b: 1 } },
      ],
    ],
  ])('know recursion and two classes of one name: %s', async (endpoint, payloads) => {
    const accepts = compile((await metadataOf(stage, endpoint)).request_schema);
    for (const payload of payloads)
      expect([payload, accepts(payload) ? 200 : 400]).toEqual([payload, (await stage.call(endpoint, payload)).code]);
  });
});
