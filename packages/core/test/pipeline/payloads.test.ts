import 'reflect-metadata';
import { Endpoint, type RequestContext, Service } from '@natsmith/core';
import { type } from 'arktype';
import { Exclude, Expose, Transform, Type } from 'class-transformer';
import {
  ArrayNotEmpty,
  IsArray,
  IsEmail,
  IsInt,
  IsNumber,
  IsOptional,
  IsString,
  Min,
  registerDecorator,
  Validate,
  ValidateBy,
  ValidateIf,
  ValidateNested,
  ValidatorConstraint,
  type ValidatorConstraintInterface,
} from 'class-validator';
import * as v from 'valibot';
import { z } from 'zod';
import { onStage, Stage } from '#test/stage';

class Item {
  @IsString() sku!: string;
  @IsInt() @Min(1) quantity!: number;
}

class Address {
  @IsString() street!: string;
}

class Order {
  @ValidateNested() @Type(() => Address) address!: Address;
  @IsArray() @ArrayNotEmpty() @ValidateNested({ each: true }) @Type(() => Item) items!: Item[];
  @IsOptional() @IsString() note?: string;
}

class Search {
  @IsOptional() @IsString() term?: string;
  @IsInt() limit = 10;
}

/** Says yes or no later, and does not tell class-validator so. */
function isFree(): PropertyDecorator {
  return (target, property) =>
    registerDecorator({
      name: 'isFree',
      target: target.constructor,
      propertyName: String(property),
      validator: {
        validate: (value) => new Promise<boolean>((resolve) => setTimeout(() => resolve(value !== 'taken'), 5)),
        defaultMessage: () => 'name is taken',
      },
    });
}

@ValidatorConstraint({ name: 'isKnown', async: true })
class IsKnown implements ValidatorConstraintInterface {
  async validate(value: unknown): Promise<boolean> {
    if (value === 'broken') throw new Error('the register burns');
    return value === 'known';
  }
}

class Account {
  @isFree() name!: string;
  @Validate(IsKnown) referrer!: string;
}

class Contact {
  @IsEmail() email!: string;
  @IsOptional() @IsNumber({ maxDecimalPlaces: 2 }) amount?: number;
}

const rejects = () => new Promise<boolean>((_, reject) => setTimeout(() => reject(new Error('it is not there')), 5));

class Fragile {
  @ValidateBy({ name: 'marked', async: true, validator: { validate: rejects } }) marked!: number;
  @ValidateBy({ name: 'unmarked', validator: { validate: rejects } }) unmarked!: number;
  @IsEmail() email!: string;
}

class Grouped {
  @IsInt({ groups: ['create'] }) a!: number;
  @IsInt({ groups: ['update'] }) b!: number;
}

class Conditional {
  @IsString() kind!: string;
  @ValidateIf((o: Conditional) => o.kind === 'card') @IsString() card?: string;
}

class Transformed {
  @Transform(({ value }) => (value as string).trim()) @IsString() name!: string;
}

class Renamed {
  @Expose({ name: 'first_name' }) @IsString() firstName!: string;
  @Exclude() @IsOptional() @IsString() role?: string;
}

const zodSync = z.object({ a: z.number(), list: z.array(z.object({ n: z.number() })).optional() });
const zodAsync = z.object({ name: z.string().refine(async (name) => name !== 'taken', 'name is taken') });
const valibotSync = v.object({ a: v.number(), list: v.optional(v.array(v.object({ n: v.number() }))) });
const valibotAsync = v.objectAsync({
  name: v.pipeAsync(
    v.string(),
    v.checkAsync(async (name) => name !== 'taken', 'name is taken'),
  ),
});
const arktypeSync = type({ a: 'number', 'list?': type({ n: 'number' }).array() });

let lastSeen: unknown;

@Service({ name: 'payloads', version: '1.0.0' })
class Payloads {
  @Endpoint() order(order: Order) {
    lastSeen = order;
    return order;
  }
  @Endpoint({ request: Order }) orderByRequest(order: Pick<Order, 'items'>) {
    lastSeen = order;
    return order.items.length;
  }
  @Endpoint({ request: [Item] }) items(items: Item[]) {
    lastSeen = items;
    return items;
  }
  @Endpoint() search(search?: Search) {
    return { isSearch: search instanceof Search, ...search };
  }
  @Endpoint() orderByDefault(payload: Order = order) {
    return payload;
  }
  @Endpoint() limited(limit: number = 10) {
    return limit;
  }
  @Endpoint({ request: [Item] }) itemsByDefault(items: Item[] = []) {
    return items.length;
  }
  @Endpoint({ request: zodSync }) zodByDefault(payload: z.infer<typeof zodSync> = { a: 5 }) {
    return payload;
  }
  @Endpoint({ request: [String] }) texts(texts: string[]) {
    return texts.join();
  }
  @Endpoint({ request: [Number] }) numbers(numbers: number[]) {
    return numbers.length;
  }
  @Endpoint({ request: [Boolean] }) flags(flags: boolean[]) {
    return flags.length;
  }
  @Endpoint() account(account: Account) {
    return account;
  }
  @Endpoint() contact(payload: Contact) {
    return payload;
  }
  @Endpoint() fragile(payload: Fragile) {
    return payload;
  }
  @Endpoint() grouped(payload: Grouped) {
    return payload;
  }
  @Endpoint() conditional(payload: Conditional) {
    return payload;
  }
  @Endpoint() transformed(payload: Transformed) {
    return payload;
  }
  @Endpoint() renamed(payload: Renamed) {
    return payload;
  }
  @Endpoint({ request: zodSync }) zodSync(payload: z.infer<typeof zodSync>) {
    return payload;
  }
  @Endpoint({ request: zodAsync }) zodAsync(payload: z.infer<typeof zodAsync>) {
    return payload;
  }
  @Endpoint({ request: valibotSync }) valibotSync(payload: v.InferOutput<typeof valibotSync>) {
    return payload;
  }
  @Endpoint({ request: valibotAsync }) valibotAsync(payload: v.InferOutput<typeof valibotAsync>) {
    return payload;
  }
  @Endpoint({ request: arktypeSync }) arktypeSync(payload: typeof arktypeSync.infer) {
    return payload;
  }
  @Endpoint({ request: z.object({ a: z.number() }).optional() }) optional(payload?: { a: number }) {
    return payload ?? 'none';
  }
  @Endpoint({ request: 'unchecked' }) unchecked(payload: unknown) {
    return payload === undefined ? 'nothing' : payload;
  }
  @Endpoint() text(payload: string) {
    return payload.toUpperCase();
  }
  @Endpoint() number(payload: number) {
    return payload + 1;
  }
  @Endpoint() flag(payload: boolean) {
    return !payload;
  }
  @Endpoint() bytes(payload: Uint8Array) {
    return payload;
  }
  @Endpoint() buffer(payload: Buffer) {
    return payload.toString('hex');
  }
  @Endpoint() nothing() {
    return 'fine';
  }
  @Endpoint({ request: 'unchecked' }) contextOnly(_payload: unknown, ctx: RequestContext) {
    return ctx.subject;
  }
}

const order = { address: { street: 'Main' }, items: [{ sku: 'a', quantity: 1 }] };

onStage('payloads', Payloads, (stage, server) => {
  describe('a payload class', () => {
    it('comes from the parameter type: the handler gets instances, nested ones too', async () => {
      expect((await stage.call('order', order)).value).toEqual(order);
      expect(lastSeen).toBeInstanceOf(Order);
      expect((lastSeen as Order).address).toBeInstanceOf(Address);
      expect((lastSeen as Order).items[0]).toBeInstanceOf(Item);
    });

    it('comes from `request` where the parameter type does not say it', async () => {
      expect((await stage.call('orderByRequest', order)).value).toBe(1);
      expect(lastSeen).toBeInstanceOf(Order);
      expect((await stage.call('orderByRequest', {})).code).toBe(400);
    });

    it('has unknown properties removed, nested ones too', async () => {
      const more = { ...order, admin: true, items: [{ sku: 'a', quantity: 1, price: 0 }] };
      expect((await stage.call('order', more)).value).toEqual(order);
    });

    it('that is violated is a 400 with a path and constraints for each violation', async () => {
      const reply = await stage.call('order', {
        address: {},
        items: [
          { sku: 'a', quantity: 0 },
          { sku: 1, quantity: 1 },
        ],
      });
      expect(reply.code).toBe(400);
      expect(reply.description).toBe('validation failed');
      expect(reply.value).toEqual([
        { path: 'address.street', constraints: { isString: 'street must be a string' } },
        { path: 'items[0].quantity', constraints: { min: 'quantity must not be less than 1' } },
        { path: 'items[1].sku', constraints: { isString: 'sku must be a string' } },
      ]);
    });

    it.each([
      ['an array', []],
      ['null', null],
      ['a number', 1],
      ['a text', '"x"'],
      ['no body', undefined],
    ])('refuses %s', async (_, body) => {
      const reply = await stage.call('order', body);
      expect(reply.code).toBe(400);
      expect(reply.value).toEqual([{ path: '', constraints: { isObject: 'payload must be an object' } }]);
    });

    it('is an empty instance for an empty body, where the class accepts one', async () => {
      expect((await stage.call('search')).value).toEqual({ isSearch: true, limit: 10 });
      expect((await stage.call('search', null)).code).toBe(400);
      expect((await stage.call('search', { limit: 'x' })).code).toBe(400);
    });

    it('with more than 100 violations lists 100 of them and says how many are missing', async () => {
      const items = Array.from({ length: 150 }, () => ({ sku: 'a', quantity: 0 }));
      const reply = await stage.call('order', { ...order, items });
      expect(reply.description).toBe('validation failed (50 more violations are not shown)');
      expect(reply.value).toHaveLength(100);
    });
  });

  describe('a payload of [Class]', () => {
    it('is an array of instances', async () => {
      expect((await stage.call('items', order.items)).value).toEqual(order.items);
      expect((lastSeen as Item[])[0]).toBeInstanceOf(Item);
      expect((await stage.call('items', [])).value).toEqual([]);
    });

    it('names the index of a bad item', async () => {
      const reply = await stage.call('items', [order.items[0], { sku: 'a', quantity: 0 }, 5, [], null]);
      expect(reply.code).toBe(400);
      expect(reply.value).toEqual([
        { path: '[1].quantity', constraints: { min: 'quantity must not be less than 1' } },
        { path: '[2]', constraints: { isObject: 'item must be an object' } },
        { path: '[3]', constraints: { isObject: 'item must be an object' } },
        { path: '[4]', constraints: { isObject: 'item must be an object' } },
      ]);
    });

    it('refuses an object', async () => {
      const reply = await stage.call('items', {});
      expect(reply.value).toEqual([{ path: '', constraints: { isArray: 'payload must be an array' } }]);
    });
  });

  describe('class-validator', () => {
    it('awaits async validators, also those that are not marked async', async () => {
      expect((await stage.call('account', { name: 'free', referrer: 'known' })).code).toBe(200);
      const reply = await stage.call('account', { name: 'taken', referrer: 'unknown' });
      expect(reply.code).toBe(400);
      expect(reply.value).toMatchObject([
        { path: 'name', constraints: { isFree: 'name is taken' } },
        { path: 'referrer', constraints: { isKnown: expect.any(String) as string } },
      ]);
    });

    it('that is broken itself, by an async validator that rejects, is a 500 and goes to the log', async () => {
      const reply = await stage.call('account', { name: 'free', referrer: 'broken' });
      expect([reply.code, reply.description, reply.text]).toEqual([500, 'internal error', '']);
      expect(stage.log.problems).toContain('the register burns');
    });

    it.each([
      ['half a surrogate pair', '{"email":"\\ud800"}', /URI malformed|illegal UTF-16/],
      ['an exponent', '{"email":"a@example.com","amount":1e-7}', /length/],
    ])('whose validator throws at the payload is a 400 whose cause is logged: %s', async (_, body, cause) => {
      const reply = await stage.call('contact', body);
      expect([reply.code, reply.description]).toEqual([400, 'payload cannot be validated']);
      expect(stage.log.problems).toMatch(cause);
    });

    it('has async validators that reject while others throw: nothing rejects where nobody waits, which would end the process', async () => {
      const unhandled: unknown[] = [];
      const note = (reason: unknown) => unhandled.push(reason);
      process.on('unhandledRejection', note);
      expect((await stage.call('fragile', '{"marked":1,"unmarked":1,"email":"\\ud800"}')).code).toBe(400);
      expect((await stage.call('fragile', '{"marked":1,"unmarked":1,"email":"x"}')).code).toBe(500);
      await new Promise((resolve) => setTimeout(resolve, 30));
      process.off('unhandledRejection', note);
      expect(unhandled).toEqual([]);
    });

    it('honours @ValidateIf', async () => {
      expect((await stage.call('conditional', { kind: 'cash' })).code).toBe(200);
      expect((await stage.call('conditional', { kind: 'card' })).value).toMatchObject([{ path: 'card' }]);
    });

    it('sees what @Transform makes; a @Transform that throws is a 400 whose cause is logged', async () => {
      expect((await stage.call('transformed', { name: ' x ' })).value).toEqual({ name: 'x' });
      const reply = await stage.call('transformed', { name: 5 });
      expect([reply.code, reply.description]).toEqual([400, 'payload cannot be transformed']);
      expect(stage.log.problems).toContain('trim');
    });

    it('works with @Expose and @Exclude', async () => {
      const reply = await stage.call('renamed', { first_name: 'Ann', role: 'admin' });
      expect(reply.value).toEqual({ firstName: 'Ann' });
    });

    it.each([
      ['create', { a: 1 }, { b: 1 }],
      ['update', { b: 1 }, { a: 1 }],
    ])('takes groups from the option `validation`: %s', async (group, good, bad) => {
      await using other = await Stage.start(server, GroupedService, { validation: { groups: [group] } });
      expect((await other.call('only.grouped', good)).code).toBe(200);
      expect((await other.call('only.grouped', bad)).code).toBe(400);
    });

    it('takes every other option of `validation`, on top of the defaults', async () => {
      await using other = await Stage.start(server, GroupedService, { validation: { forbidNonWhitelisted: true } });
      const reply = await other.call('only.item', { sku: 'a', quantity: 1, price: 0 });
      expect(reply.value).toMatchObject([{ path: 'price' }]);
      await using lax = await Stage.start(server, LaxService, { validation: { whitelist: false } });
      expect((await lax.call('lax.item', { sku: 'a', quantity: 1, price: 0 })).value).toMatchObject({ price: 0 });
    });
  });

  describe.each([
    ['zod', 'zodSync', 'zodAsync'],
    ['valibot', 'valibotSync', 'valibotAsync'],
    ['arktype', 'arktypeSync', undefined],
  ])('a schema of %s', (vendor, sync, async) => {
    it('accepts valid payloads and answers 400 with paths for others', async () => {
      expect((await stage.call(sync, { a: 1 })).value).toEqual({ a: 1 });
      const reply = await stage.call(sync, { a: 'x', list: [{ n: 1 }, { n: 'x' }] });
      expect(reply.code).toBe(400);
      const violations = reply.value as { path: string; constraints: Record<string, string> }[];
      expect(violations.map(({ path }) => path).sort()).toEqual(['a', 'list[1].n']);
      expect(Object.keys(violations[0]!.constraints)).toEqual([vendor]);
    });

    if (async !== undefined)
      it('may be asynchronous', async () => {
        expect((await stage.call(async, { name: 'free' })).code).toBe(200);
        expect((await stage.call(async, { name: 'taken' })).value).toEqual([
          { path: 'name', constraints: { [vendor]: 'name is taken' } },
        ]);
      });
  });

  it('a parameter with an initializer takes its default for an empty body, and for nothing else', async () => {
    expect((await stage.call('orderByDefault')).value).toEqual(order);
    expect((await stage.call('limited')).value).toBe(10);
    expect((await stage.call('limited', 3)).value).toBe(3);
    expect((await stage.call('itemsByDefault')).value).toBe(0);
    expect((await stage.call('zodByDefault')).value).toEqual({ a: 5 });
    for (const subject of ['orderByDefault', 'limited', 'itemsByDefault', 'zodByDefault'])
      expect((await stage.call(subject, null)).code).toBe(400);
  });

  it('a default of an added handler counts, a rest parameter has none', async () => {
    const [service] = stage.host.services;
    await service!.addEndpoint('addedDefault', (limit = 7) => limit, { request: Number });
    await service!.addEndpoint('addedRest', (...all: unknown[]) => typeof all[0], { request: Number });
    expect((await stage.call('addedDefault')).value).toBe(7);
    expect((await stage.call('addedRest')).code).toBe(400);
    expect((await stage.call('addedRest', 1)).value).toBe('number');
  });

  it('an optional schema takes an empty body', async () => {
    expect((await stage.call('optional')).value).toBe('none');
    expect((await stage.call('optional', { a: 1 })).value).toEqual({ a: 1 });
  });

  it("'unchecked' passes the decoded body as it is, an empty one as undefined", async () => {
    expect((await stage.call('unchecked', { any: ['thing', null] })).value).toEqual({ any: ['thing', null] });
    expect((await stage.call('unchecked')).value).toBe('nothing');
    expect((await stage.call('unchecked', '{')).code).toBe(400);
  });

  it.each([
    ['text', '"ab"', 'AB', 'string', 5],
    ['number', 1, 2, 'number', '"1"'],
    ['flag', true, false, 'boolean', 1],
  ])('a payload typed as a primitive is checked: %s', async (subject, good, answer, name, bad) => {
    expect((await stage.call(subject, good)).value).toBe(answer);
    for (const body of [bad, undefined, null, {}]) {
      const reply = await stage.call(subject, body);
      expect(reply.code).toBe(400);
      expect(reply.value).toEqual([{ path: '', constraints: { type: `payload must be a ${name}` } }]);
    }
  });

  it.each([
    ['texts', ['a', 'b'], 'a,b', 'string', ['a', 1, null]],
    ['numbers', [1, 2, 3], 3, 'number', [1, '2', {}]],
    ['flags', [true], 1, 'boolean', [true, 0, []]],
  ])('a payload of [%s] is an array whose items are checked', async (subject, good, answer, name, bad) => {
    expect((await stage.call(subject, good)).value).toBe(answer);
    expect((await stage.call(subject, [])).code).toBe(200);
    const constraints = { type: `item must be a ${name}` };
    expect((await stage.call(subject, bad)).value).toEqual([
      { path: '[1]', constraints },
      { path: '[2]', constraints },
    ]);
    for (const body of [undefined, null, {}, '"a"'])
      expect((await stage.call(subject, body)).value).toEqual([
        { path: '', constraints: { isArray: 'payload must be an array' } },
      ]);
  });

  it('a payload typed Uint8Array or Buffer is the body as it is', async () => {
    const bytes = Uint8Array.from([0, 255, 13, 10, 128]);
    expect((await stage.call('bytes', bytes)).body).toEqual(Buffer.from(bytes));
    expect((await stage.call('buffer', bytes)).value).toBe('00ff0d0a80');
    expect((await stage.call('bytes')).body).toHaveLength(0);
  });

  it('a handler without parameters takes whatever comes', async () => {
    for (const body of [undefined, '{', Buffer.from([0xff]), { a: 1 }])
      expect((await stage.call('nothing', body)).value).toBe('fine');
  });

  it('a body that is not JSON, or not UTF-8, is a 400', async () => {
    const notJson = await stage.call('order', '{"a":');
    expect([notJson.code, notJson.description]).toEqual([400, 'body is not valid JSON']);
    const notUtf8 = await stage.call('order', Buffer.from([0x22, 0xff, 0xfe, 0x22]));
    expect([notUtf8.code, notUtf8.description]).toEqual([400, 'body is not UTF-8']);
    expect((await stage.call('text', '"\uFFFD"')).value).toBe('\uFFFD');
  });
});

@Service({ name: 'only', version: '1.0.0' })
class GroupedService {
  @Endpoint({ subject: 'only.grouped' }) grouped(payload: Grouped) {
    return payload;
  }
  @Endpoint({ subject: 'only.item' }) item(payload: Item) {
    return payload;
  }
}

@Service({ name: 'lax', version: '1.0.0' })
class LaxService {
  @Endpoint({ subject: 'lax.item' }) item(payload: Item) {
    return payload;
  }
}
