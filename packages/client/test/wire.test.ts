import { Endpoint, Service } from '@natsmith/core';
import { connect as connectNats2, type NatsConnection } from 'nats';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { onEachServer } from '#test/matrix';
import { useHosts } from '#test/hosts';

@Service({ name: 'feed', version: '1.0.0' })
class Feed {
  @Endpoint({ request: Number })
  async *count(to: number): AsyncGenerator<number> {
    for (let n = 1; n <= to; n++) yield n;
  }

  @Endpoint({ codec: 'text' })
  line(length: string): string {
    return 'x'.repeat(Number(length));
  }

  @Endpoint({ codec: 'text' })
  length(text: string): string {
    return String(text.length);
  }
}

/** Speaks to the server in bytes, as a client in any language would. */
class Wire {
  private text = '';

  private constructor(private readonly socket: Socket) {
    socket.setEncoding('latin1').on('data', (text: string) => (this.text += text));
  }

  static async open(port: number): Promise<Wire> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    const wire = new Wire(socket);
    wire.send('CONNECT {"verbose":false,"headers":true,"no_responders":true}\r\nPING\r\n');
    await wire.receives('PONG\r\n');
    return wire;
  }

  send(bytes: string): void {
    this.socket.write(bytes);
  }

  /** What came since the last call, up to and with the given text. */
  async receives(text: string): Promise<string> {
    while (!this.text.includes(text)) await once(this.socket, 'data');
    const end = this.text.indexOf(text) + text.length;
    const received = this.text.slice(0, end);
    this.text = this.text.slice(end);
    return received;
  }

  close(): void {
    this.socket.destroy();
  }
}

// The conversations of docs/reference/streams.md, byte by byte.
onEachServer(
  (server) => {
    const { start } = useHosts();
    let connection: NatsConnection;
    let wire: Wire;

    beforeEach(async () => {
      connection = await connectNats2({ servers: server.url });
      await start(Feed, { connection });
      wire = await Wire.open(server.port);
      wire.send('SUB _INBOX.me 1\r\n');
    });
    afterEach(async () => {
      wire.close();
      await connection.close();
    });

    test('a stream of three items with a credit of two', async () => {
      const head = 'NATS/1.0\r\nNatsmith-Credit: 2\r\nNatsmith-Heartbeat: 2000\r\n\r\n';
      wire.send(`HPUB count _INBOX.me ${head.length} ${head.length + 1}\r\n${head}3\r\n`);

      const beat = await wire.receives('Natsmith-Heartbeat: 0\r\n\r\n\r\n');
      const control = /^HMSG _INBOX\.me 1 (\S+) 35 35\r\nNATS\/1\.0\r\n/.exec(beat)?.[1];
      expect(control).toMatch(/^_INBOX\.[\w-]{22}$/);
      expect(await wire.receives('\r\n2\r\n')).toBe(
        `HMSG _INBOX.me 1 ${control} 29 30\r\nNATS/1.0\r\nNatsmith-Seq: 1\r\n\r\n1\r\n` +
          `HMSG _INBOX.me 1 ${control} 29 30\r\nNATS/1.0\r\nNatsmith-Seq: 2\r\n\r\n2\r\n`,
      );

      wire.send(`PUB ${control} 8\r\ncredit 4\r\n`);
      expect(await wire.receives('Natsmith-Seq: 4\r\n\r\n\r\n')).toBe(
        `HMSG _INBOX.me 1 ${control} 29 30\r\nNATS/1.0\r\nNatsmith-Seq: 3\r\n\r\n3\r\n` +
          'HMSG _INBOX.me 1 29 29\r\nNATS/1.0\r\nNatsmith-Seq: 4\r\n\r\n\r\n',
      );
    });

    test('without credit the items come at once, and nothing else comes', async () => {
      wire.send('PUB count _INBOX.me 1\r\n2\r\n');
      const all = await wire.receives('Natsmith-Seq: 3\r\n\r\n\r\n');
      expect(all.replaceAll(/_INBOX\.[\w-]{22}/g, 'CONTROL')).toBe(
        'HMSG _INBOX.me 1 CONTROL 29 30\r\nNATS/1.0\r\nNatsmith-Seq: 1\r\n\r\n1\r\n' +
          'HMSG _INBOX.me 1 CONTROL 29 30\r\nNATS/1.0\r\nNatsmith-Seq: 2\r\n\r\n2\r\n' +
          'HMSG _INBOX.me 1 29 29\r\nNATS/1.0\r\nNatsmith-Seq: 3\r\n\r\n\r\n',
      );
    });

    test('a reply in three chunks with a credit of two', async () => {
      const head = 'NATS/1.0\r\nNatsmith-Chunks: 2\r\n\r\n';
      wire.send(`HPUB line _INBOX.me ${head.length} ${head.length + 4}\r\n${head}2500\r\n`);
      const x = (length: number): string => 'x'.repeat(length);

      const announcement = await wire.receives('\r\n\r\n\r\n');
      const control = /^HMSG _INBOX\.me 1 (\S+) /.exec(announcement)?.[1];
      expect(announcement).toBe(`HMSG _INBOX.me 1 ${control} 33 33\r\nNATS/1.0\r\nNatsmith-Size: 2500\r\n\r\n\r\n`);
      expect(await wire.receives(`Natsmith-Seq: 2\r\n\r\n${x(1024)}\r\n`)).toBe(
        `HMSG _INBOX.me 1 ${control} 35 35\r\nNATS/1.0\r\nNatsmith-Heartbeat: 0\r\n\r\n\r\n` +
          `HMSG _INBOX.me 1 ${control} 29 1053\r\nNATS/1.0\r\nNatsmith-Seq: 1\r\n\r\n${x(1024)}\r\n` +
          `HMSG _INBOX.me 1 ${control} 29 1053\r\nNATS/1.0\r\nNatsmith-Seq: 2\r\n\r\n${x(1024)}\r\n`,
      );

      wire.send(`PUB ${control} 8\r\ncredit 4\r\n`);
      expect(await wire.receives('Natsmith-Seq: 4\r\n\r\n\r\n')).toBe(
        `HMSG _INBOX.me 1 ${control} 29 481\r\nNATS/1.0\r\nNatsmith-Seq: 3\r\n\r\n${x(452)}\r\n` +
          'HMSG _INBOX.me 1 29 29\r\nNATS/1.0\r\nNatsmith-Seq: 4\r\n\r\n\r\n',
      );
    });

    test('a payload in two chunks', async () => {
      wire.send('SUB _INBOX.mine 2\r\n');
      const head = 'NATS/1.0\r\nNatsmith-Upload: _INBOX.mine\r\nNatsmith-Size: 2500\r\n\r\n';
      wire.send(`HPUB length _INBOX.me ${head.length} ${head.length}\r\n${head}\r\n`);

      const grant = await wire.receives('credit 16\r\n');
      const items = /^MSG _INBOX\.mine 2 (\S+) 9\r\ncredit 16\r\n$/.exec(grant)?.[1];
      expect(items).toMatch(/^_INBOX\.[\w-]{22}$/);
      for (const [number, size] of [
        [1, 2000],
        [2, 500],
        [3, 0],
      ] as const)
        wire.send(
          `HPUB ${items} _INBOX.mine 29 ${29 + size}\r\nNATS/1.0\r\nNatsmith-Seq: ${number}\r\n\r\n${'x'.repeat(size)}\r\n`,
        );
      expect(await wire.receives('2500\r\n')).toBe('MSG _INBOX.me 1 4\r\n2500\r\n');
    });
  },
  { maxPayload: 2048 },
);
