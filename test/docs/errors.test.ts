import {
  Endpoint,
  MAX_ARRAY_ITEMS,
  MAX_JSON_DEPTH,
  Service,
  ServiceError,
  type Codec,
  type RequestContext,
  type Violation,
} from '@natsmith/core';
import { ServiceClient } from '@natsmith/client';
import { ERRORS } from '@natsmith/protocol';
import { TestHost } from '@natsmith/testing';
import { Transform } from 'class-transformer';
import { IsArray, IsNumber } from 'class-validator';
import { createInbox, headers, type RequestOptions } from 'nats';
import { setTimeout as delay } from 'node:timers/promises';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { read, ROOT, tableOf } from './markdown';

class Payload {
  @IsArray() list: unknown[] = [];
  @IsNumber() n!: number;
}

class Exact {
  @IsNumber({ maxDecimalPlaces: 2 }) n!: number;
}

class Picky {
  @Transform(() => {
    throw new Error('secret: cannot');
  })
  @IsNumber()
  n!: number;
}

const csv: Codec = {
  name: 'csv',
  decode(body) {
    const row = Buffer.from(body).toString();
    if (row.includes(';')) throw new Error('secret: no semicolons');
    return row.split(',');
  },
  encode: (value) => Buffer.from(String(value)),
};

@Service({ name: 'failing', version: '1.0.0' })
class Failing {
  client: ServiceClient | undefined;

  @Endpoint()
  checked(_: Payload): void {}

  @Endpoint({ request: [Payload] })
  list(_: Payload[]): void {}

  @Endpoint()
  picky(_: Picky): void {}

  @Endpoint()
  exact(_: Exact): void {}

  @Endpoint({ request: 'unchecked', codec: 'text' })
  text(_: string): void {}

  @Endpoint({ request: 'unchecked', codec: csv })
  rows(_: string[]): void {}

  @Endpoint()
  broken(): void {
    throw new Error('secret: the database is on fire');
  }

  @Endpoint()
  circular(): unknown {
    const value: { self?: unknown } = {};
    return (value.self = value);
  }

  @Endpoint()
  huge(): Uint8Array {
    return new Uint8Array(2 * 1024 * 1024);
  }

  @Endpoint({ maxBody: 10 })
  narrow(_: Uint8Array): void {}

  @Endpoint({ timeout: 20 })
  async slow(_: undefined, { signal }: RequestContext): Promise<void> {
    await delay(300, undefined, { signal }).catch(() => undefined);
  }

  @Endpoint()
  async live(_: undefined, { stopping }: RequestContext): Promise<void> {
    await delay(5000, undefined, { signal: stopping });
  }

  // #region forward
  @Endpoint()
  async letsThrough(_: undefined, ctx: RequestContext): Promise<unknown> {
    return this.client!.with(ctx).call('refuse'); // the caller gets 502, whatever comes back
  }

  @Endpoint()
  async passesOn(_: undefined, ctx: RequestContext): Promise<unknown> {
    try {
      return await this.client!.with(ctx).call('refuse');
    } catch (error) {
      throw ServiceError.forward(error); // the caller gets the 409 with its data and headers
    }
  }
  // #endregion

  @Endpoint({ concurrency: 1, maxPending: 0 })
  async single(_: undefined, { signal }: RequestContext): Promise<void> {
    await delay(300, undefined, { signal }).catch(() => undefined);
  }

  // #region throw
  @Endpoint()
  refuse(): never {
    throw new ServiceError(409, 'the order is shipped already', {
      data: { shipped: '2030-01-31' }, // the body, encoded like any reply
      headers: { 'Retry-After': 'never' },
      cause: new Error('row 17 is locked'), // for the log, never for the caller
    });
  }
  // #endregion
}

interface Failure {
  readonly code: string;
  readonly description: string;
  readonly headers: readonly string[];
  readonly body: string;
}

describe('the errors that natsmith sends', () => {
  let host: TestHost;
  beforeEach(async () => {
    host = await TestHost.create(Failing, { stopTimeout: 20 });
    host.get(Failing).client = new ServiceClient(host.connection);
  });
  afterEach(() => host.stop());

  async function failure(
    subject: string,
    payload: string | Uint8Array = '',
    options: Partial<RequestOptions> = {},
  ): Promise<Failure> {
    const reply = await host.connection.request(subject, payload, { timeout: 2000, ...options });
    return {
      code: reply.headers?.get('Nats-Service-Error-Code') ?? '',
      // Sizes differ; the table has N for them.
      description: (reply.headers?.get('Nats-Service-Error') ?? '').replace(/\d+(?= bytes| more)/g, 'N'),
      headers: (reply.headers?.keys() ?? []).filter((name) => !name.startsWith('Nats-Service-Error')),
      body: reply.string(),
    };
  }

  const ways: Record<string, () => Promise<Failure>> = {
    'body is not valid JSON': () => failure('checked', '{'),
    'body is not valid csv': () => failure('rows', 'a;b'),
    'body is not UTF-8': () => failure('text', Buffer.from([0xff])),
    'body nests deeper than N levels': () =>
      failure('checked', `${'['.repeat(MAX_JSON_DEPTH + 1)}${']'.repeat(MAX_JSON_DEPTH + 1)}`),
    'body holds an array of more than N items': () =>
      failure('checked', JSON.stringify({ list: Array(MAX_ARRAY_ITEMS + 1).fill(0) })),
    'body holds an object of more than N properties': () =>
      failure(
        'checked',
        JSON.stringify(Object.fromEntries(Array.from({ length: MAX_ARRAY_ITEMS + 1 }, (_, i) => [`p${i}`, 0]))),
      ),
    'body holds more than N values': () =>
      failure('checked', JSON.stringify({ list: Array(11).fill(Array(MAX_ARRAY_ITEMS).fill(0)) })),
    'body holds more than N values that have to be validated one by one; an array or object counts as 3': () =>
      failure('list', JSON.stringify(Array(5000).fill({}))),
    'payload cannot be transformed': () => failure('picky', '{"n":1}'),
    'payload cannot be validated': () => failure('exact', '{"n":1e-7}'),
    'validation failed': () => failure('checked', '{}'),
    'validation failed (N more violations are not shown)': () => failure('list', JSON.stringify(Array(101).fill({}))),
    'body of N bytes is over the limit of N bytes (option "maxBody")': () => failure('narrow', 'more than ten'),
    'too many requests; try again later': async () => {
      const [, second] = await Promise.all([failure('single'), failure('single')]);
      return second;
    },
    'cancelled by the caller': async () => {
      const inbox = createInbox();
      const ofCaller = headers();
      ofCaller.set('Natsmith-Cancel', `${inbox}.cancel`);
      const reply = failure('single', '', { noMux: true, reply: inbox, headers: ofCaller });
      // Again and again, because nobody tells when the service has begun to listen.
      const cancelling = setInterval(() => host.connection.publish(`${inbox}.cancel`), 5);
      return reply.finally(() => clearInterval(cancelling));
    },
    'service is stopping': async () => {
      const reply = failure('single');
      await host.connection.flush();
      await host.host.services[0]?.stop();
      return reply;
    },
    stopping: async () => {
      const reply = failure('live');
      await host.connection.flush();
      await host.host.services[0]?.stop();
      return reply;
    },
    'upstream error': () => failure('letsThrough'),
    timeout: () => failure('slow'),
    'internal error': () => failure('broken'),
    'reply cannot be encoded': () => failure('circular'),
    'reply of N bytes is over max_payload (N bytes)': () => failure('huge'),
  };
  const table = tableOf('docs/reference/errors.md', ['code', 'description', 'body', 'more headers', 'when']);

  it.each(table)('include %s %s, as the reference says', async (code, description, body, more) => {
    const way = ways[shape(description ?? '')];
    if (way === undefined) throw new Error(`no way is known to provoke "${description}": remove the row, or add one`);
    const sent = await way();
    expect({
      ...sent,
      description: shape(sent.description),
      body: bodyKind(sent.body),
      headers: sent.headers.join(),
    }).toEqual({
      code,
      description: shape(description ?? ''),
      body,
      headers: more,
    });
  });

  it('are all in the reference', () => {
    const ofStreams = tableOf('docs/reference/streams.md', ['code', 'description', 'when']);
    const ofCallers = tableOf('docs/reference/errors.md', ['code', 'description', 'thrown by', 'when']);
    const documented = [...table, ...ofStreams, ...ofCallers].map(([code, description]) => `${code} ${description}`);
    for (const error of errorsOfCatalogue()) expect(documented).toContainEqual(expect.stringMatching(error));
    expect(table).toHaveLength(Object.keys(ways).length);
    expect(errorsOutsideCatalogue()).toEqual([]);
  });

  it('that a handler throws carry its code, description, data and headers, and not its cause', async () => {
    expect(await failure('refuse')).toEqual({
      code: '409',
      description: 'the order is shipped already',
      headers: ['Retry-After'],
      body: '{"shipped":"2030-01-31"}',
    });
  });

  it('of another service are passed on only on purpose', async () => {
    expect(await failure('passesOn')).toEqual(await failure('refuse'));
    expect(await failure('letsThrough')).toMatchObject({ code: '502', headers: [], body: '' });
  });

  it('never hold what the handler did not mean to say', async () => {
    expect(JSON.stringify([await failure('broken'), await failure('picky', '{"n":1}')])).not.toContain('secret');
  });
});

/** Numbers differ from case to case. */
function shape(description: string): string {
  return description.replace(/[\d,]+(?= |\))/g, 'N');
}

function bodyKind(body: string): string {
  if (body === '') return '';
  const violations = JSON.parse(body) as Violation[];
  expect(violations.every(({ path, constraints }) => typeof path === 'string' && typeof constraints === 'object')).toBe(
    true,
  );
  return 'the violations';
}

/** `<code> <description>` of every error of the catalogue, what varies as a pattern. */
function errorsOfCatalogue(): RegExp[] {
  return (
    Object.values(ERRORS)
      // Some are nothing but what varies; the ways to provoke them are above.
      .filter(([, description]) => description !== '{problem}')
      .map(([code, description]) => {
        const pattern = description.replace(/[()]/g, '\\$&').replace(/\{.*?\}/g, '.+');
        // The reference leaves out what a reader is told to do.
        return new RegExp(`^${code} (${pattern}|${pattern.split(';')[0]}; \\.\\.\\.)$`);
      })
  );
}

/** Files that make an error which is not of the catalogue. */
function errorsOutsideCatalogue(): string[] {
  const folders = ['core/src', 'protocol/src', 'client/src', 'jetstream/src', 'testing/src'];
  // The catalogue itself, and what another service has sent, or an outcome says again.
  const others = ['error-catalogue.ts', 'service-error.ts', 'client/src/call/reply.ts', 'core/src/pipeline/run.ts'];
  return folders
    .map((folder) => `packages/${folder}`)
    .flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((name) => `${folder}/${name}`),
    )
    .filter((name) => /(?<!\.test)\.ts$/.test(name) && !others.some((other) => name.endsWith(other)))
    .filter((name) => read(name).includes('new ServiceError('));
}
