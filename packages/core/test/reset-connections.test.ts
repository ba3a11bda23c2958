import { connect } from '@natsmith/core';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';

const INFO = { server_id: 'A', version: '2.10.0', proto: 1, headers: true, max_payload: 1024, auth_required: true };

let server: Server;
beforeAll(async () => {
  server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.write(`INFO ${JSON.stringify(INFO)}\r\n`);
    socket.once('data', () => {
      socket.write("-ERR 'Authorization Violation'\r\n");
      socket.resetAndDestroy();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

// An error that a socket emits where nobody listens any more fails the test, as it would end the process.
it('a server that refuses a connection and resets it ends nothing but the attempt', async () => {
  const servers = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const attempts = Array.from({ length: 60 }, () => connect({ servers, user: 'ann', pass: 'wrong', reconnect: false }));
  const outcomes = await Promise.allSettled(attempts);
  expect(outcomes.map(({ status }) => status)).toEqual(attempts.map(() => 'rejected'));
});
