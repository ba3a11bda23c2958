import { Endpoint, Service, stream, type RequestContext } from '@natsmith/core';
import { IsString } from 'class-validator';
import { type Connection, type Headers } from '#test/connection';
import { onEachServerAndClient } from '#test/matrix';
import { useHosts } from '#test/hosts';
import { Reply } from '#test/reply';

const MiB = 1024 * 1024;

class Text {
  @IsString() text!: string;
}

let handled = 0;

@Service({ name: 'bodies', version: '1.0.0' })
class Bodies {
  @Endpoint() text({ text }: Text): number {
    handled++;
    return text.length;
  }
  @Endpoint() bytes(body: Uint8Array): number {
    handled++;
    return body.length;
  }
  @Endpoint({ maxBody: 100 }) narrow(body: Uint8Array): number {
    handled++;
    return body.length;
  }
  @Endpoint({ request: stream('unchecked'), maxBody: 100 }) async items(items: AsyncIterable<string>): Promise<number> {
    let length = 0;
    for await (const item of items) length += item.length;
    return length;
  }
  @Endpoint() nothing(_: undefined, _ctx: RequestContext): string {
    return 'done';
  }
}

@Service({ name: 'wider', version: '1.0.0', maxBody: 2 * MiB })
class Wider {
  @Endpoint() wide(body: Uint8Array): number {
    return body.length;
  }
  @Endpoint({ maxBody: 10 }) tight(body: Uint8Array): number {
    return body.length;
  }
}

const refusal = (size: number, limit: number) =>
  `413 body of ${size} bytes is over the limit of ${limit} bytes (option "maxBody")`;

onEachServerAndClient(
  (_server, client) => {
    const hosts = useHosts();
    let connection: Connection;

    const start = async (options: { maxBody?: number } = {}) => {
      connection = await client.connect();
      return hosts.start([Bodies, Wider], { connection: await client.connect(), ...options });
    };

    const send = async (subject: string, body: Uint8Array | string, headers?: Headers): Promise<string> => {
      const reply = new Reply(await connection.request(subject, body, { timeout: 5000, ...(headers && { headers }) }));
      return reply.code === 200 ? reply.text : `${reply.code} ${reply.description}`;
    };

    const announce = (subject: string, size: number): Promise<string> => {
      const headers = client.headers();
      headers.append('Natsmith-Size', String(size));
      headers.append('Natsmith-Upload', '_INBOX.bodies.chunks');
      return send(subject, '', headers);
    };

    beforeEach(() => (handled = 0));

    describe('a request body', () => {
      it('of up to 1 MiB is taken, one byte more is a 413, whatever the server would carry', async () => {
        await start();
        expect(await send('bytes', Buffer.alloc(MiB))).toBe(String(MiB));
        expect(await send('bytes', Buffer.alloc(MiB + 1))).toBe(refusal(MiB + 1, MiB));
        expect(handled).toBe(1);
      });

      it('that is too large is not parsed: it need not even be JSON', async () => {
        await start();
        expect(await send('text', '['.repeat(MiB + 1))).toBe(refusal(MiB + 1, MiB));
        expect(await send('nothing', '')).toBe('"done"');
      });

      it('is bounded by the nearest maxBody: of the endpoint, the service, or create()', async () => {
        await start({ maxBody: 1000 });
        expect(await send('narrow', Buffer.alloc(100))).toBe('100');
        expect(await send('narrow', Buffer.alloc(101))).toBe(refusal(101, 100));
        expect(await send('bytes', Buffer.alloc(1000))).toBe('1000');
        expect(await send('bytes', Buffer.alloc(1001))).toBe(refusal(1001, 1000));
        expect(await send('wide', Buffer.alloc(1001))).toBe('1001');
        expect(await send('wide', Buffer.alloc(2 * MiB + 1))).toBe(refusal(2 * MiB + 1, 2 * MiB));
        expect(await send('tight', Buffer.alloc(11))).toBe(refusal(11, 10));
      });

      it('of an added endpoint is bounded by its own maxBody, else by that of the service', async () => {
        const { service } = await start({ maxBody: 1000 });
        await service.addEndpoint('own', (body: unknown) => typeof body, { maxBody: 10 });
        await service.addEndpoint('inherited', (body: unknown) => typeof body);
        expect(await send('own', '"123456789"')).toBe(refusal(11, 10));
        expect(await send('inherited', '"123456789"')).toBe('"string"');
        expect(await send('inherited', Buffer.alloc(1001, ' '))).toBe(refusal(1001, 1000));
        await expect(async () => service.addEndpoint('bad', () => 1, { maxBody: -1 })).rejects.toThrow(
          /^addEndpoint\("bad"\) maxBody must be a whole number, 1 or more, got -1$/,
        );
      });

      it('that is announced as too large is refused before a chunk of it is granted', async () => {
        await start();
        let grants = 0;
        connection.subscribe('_INBOX.bodies.chunks', { callback: () => grants++ });
        expect(await announce('bytes', MiB + 1)).toBe(refusal(MiB + 1, MiB));
        expect(await announce('narrow', 101)).toBe(refusal(101, 100));
        expect(await announce('narrow', 999_999_999)).toBe(refusal(999_999_999, 100));
        await connection.flush();
        expect(grants).toBe(0);
        expect(handled).toBe(0);
      });

      it('of a handler without a payload is not looked at', async () => {
        await start({ maxBody: 10 });
        expect(await send('nothing', Buffer.alloc(100))).toBe('"done"');
      });

      it('as the one item of an upload is bounded alike', async () => {
        await start();
        expect(await send('items', '"abc"')).toBe('3');
        expect(await send('items', JSON.stringify('a'.repeat(100)))).toBe(
          '413 item of 102 bytes is over the limit of 100 bytes (option "maxBody")',
        );
      });
    });
  },
  { maxPayload: 4 * MiB },
);
