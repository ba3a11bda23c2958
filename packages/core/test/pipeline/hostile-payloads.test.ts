import 'reflect-metadata';
import { Endpoint, MAX_ARRAY_ITEMS, MAX_JSON_DEPTH, Service, ServiceError } from '@natsmith/core';
import { Transform, Type } from 'class-transformer';
import { IsArray, IsInt, IsObject, IsOptional, IsString, ValidateNested } from 'class-validator';
import { z } from 'zod';
import { onStage } from '#test/stage';

class Leaf {
  @IsInt() n!: number;
}

class Tree {
  @IsOptional() @IsObject() anything?: object;
  @IsOptional() @IsArray() @ValidateNested({ each: true }) @Type(() => Leaf) leaves?: Leaf[];
  @IsOptional() @IsString() name?: string;
}

class Refusing {
  @Transform(() => {
    throw new ServiceError(422, 'not with me');
  })
  @IsString()
  name!: string;
}

@Service({ name: 'trees', version: '1.0.0' })
class Trees {
  @Endpoint() tree(tree: Tree) {
    return { keys: Object.keys(tree), isAdmin: (tree as { isAdmin?: boolean }).isAdmin ?? false, tree };
  }
  @Endpoint() refusing(payload: Refusing) {
    return payload;
  }
  @Endpoint({ request: 'unchecked' }) unchecked(payload: unknown) {
    return Object.assign({}, payload);
  }
  @Endpoint({ request: z.object({ a: z.object({}).loose() }) }) schema(payload: object) {
    return payload;
  }
  @Endpoint() ping() {
    return 'pong';
  }
}

const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);

onStage('hostile payloads', Trees, (stage) => {
  it.each([
    ['__proto__', '{"__proto__":{"isAdmin":true},"name":"x"}'],
    ['__proto__ in escapes', '{"\\u005f_proto__":{"isAdmin":true},"name":"x"}'],
    ['constructor.prototype', '{"constructor":{"prototype":{"isAdmin":true}},"name":"x"}'],
    ['constructor in escapes', '{"c\\u006fnstructor":{"prototype":{"isAdmin":true}},"name":"x"}'],
    ['__proto__ deep inside', '{"anything":{"a":[{"__proto__":{"isAdmin":true}}]},"name":"x"}'],
    ['prototype', '{"prototype":{"isAdmin":true},"name":"x"}'],
  ])('the key %s changes nothing: not the payload, no prototype', async (_, body) => {
    for (const subject of ['tree', 'unchecked']) {
      const reply = await stage.call(subject, body);
      expect(reply.code).toBe(200);
      expect(reply.text).not.toContain('"isAdmin":true}}');
    }
    expect((await stage.call('tree', body)).value).toMatchObject({ isAdmin: false, tree: { name: 'x' } });
    expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined();
    expect((Tree.prototype as { isAdmin?: boolean }).isAdmin).toBeUndefined();
  });

  it('a plain key "constructor" of a payload keeps its value where it harms nobody', async () => {
    expect((await stage.call('unchecked', '{"constructor":"Ferrari"}')).value).toEqual({ constructor: 'Ferrari' });
  });

  it('of duplicate keys the last one counts, and is the one that is validated', async () => {
    expect((await stage.call('tree', '{"name":1,"name":"x"}')).value).toMatchObject({ tree: { name: 'x' } });
    expect((await stage.call('tree', '{"name":"x","name":1}')).code).toBe(400);
  });

  it.each(['tree', 'unchecked', 'schema'])(`%s: deeper than ${MAX_JSON_DEPTH} levels is a 400`, async (subject) => {
    for (const body of [nested(MAX_JSON_DEPTH + 1), nested(500_000), '['.repeat(500_000), '{"a":'.repeat(100_000)]) {
      const reply = await stage.call(subject, body);
      expect([reply.code, reply.description]).toEqual([400, `body nests deeper than ${MAX_JSON_DEPTH} levels`]);
    }
  });

  it(`${MAX_JSON_DEPTH} levels are fine, and brackets inside strings do not count`, async () => {
    expect((await stage.call('unchecked', nested(MAX_JSON_DEPTH))).code).toBe(200);
    const name = `${'['.repeat(300)}"\\${'{'.repeat(300)}`;
    expect((await stage.call('tree', { name })).value).toMatchObject({ tree: { name } });
  });

  it(`an array of more than ${MAX_ARRAY_ITEMS} items is a 400, wherever it is`, async () => {
    const many = Array.from({ length: MAX_ARRAY_ITEMS + 1 }, () => 0);
    for (const body of [{ leaves: many }, { anything: { deep: [many] } }, { unknown: many }]) {
      const reply = await stage.call('tree', body);
      expect([reply.code, reply.description]).toEqual([
        400,
        `body holds an array of more than ${MAX_ARRAY_ITEMS} items`,
      ]);
    }
    expect((await stage.call('tree', { anything: { list: many.slice(1) } })).code).toBe(200);
  });

  it(`an object of more than ${MAX_ARRAY_ITEMS} properties, or more than 100000 values altogether, is a 400`, async () => {
    const wide = Object.fromEntries(Array.from({ length: MAX_ARRAY_ITEMS + 1 }, (_, i) => [`k${i}`, 0]));
    expect((await stage.call('tree', { anything: wide })).description).toBe(
      `body holds an object of more than ${MAX_ARRAY_ITEMS} properties`,
    );
    const rows = Array.from({ length: 11 }, () => Array.from({ length: MAX_ARRAY_ITEMS }, () => 0));
    expect((await stage.call('tree', { anything: rows })).description).toBe('body holds more than 100000 values');
  });

  it.each([
    ['one array that is too long', `{"anything":[${'{},'.repeat(300_000)}{}]}`],
    ['many arrays within the limit', `{"x":[${`[${'{},'.repeat(9_999)}{}],`.repeat(32)}[]]}`],
    [
      'an object of many keys',
      JSON.stringify(Object.fromEntries(Array.from({ length: 60_000 }, (_, i) => [`k${i}`, {}]))),
    ],
    ['brackets that never close', '['.repeat(1_000_000)],
    ['many long numbers', `{"anything":{"a":[${'1e308,'.repeat(9_000)}1]}}`],
  ])('%s does not make neighbours wait', async (_, body) => {
    // Were the cost of each paid, this would outlast the test.
    for (let i = 0; i < 20; i++) {
      const [reply, neighbour] = await Promise.all([stage.call('tree', body), stage.call('ping')]);
      expect([200, 400]).toContain(reply.code);
      expect(neighbour.value).toBe('pong');
    }
  });

  it('a ServiceError from a @Transform is the reply', async () => {
    const reply = await stage.call('refusing', { name: 'x' });
    expect([reply.code, reply.description]).toEqual([422, 'not with me']);
  });
});
