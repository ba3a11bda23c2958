import { onEachServerAndClient } from '#test/matrix';
import { request } from '../src/nats/request';

onEachServerAndClient((_server, client) => {
  it('a request on a closed connection fails, and leaves no timer behind', async () => {
    const connection = await client.connect();
    await connection.close();
    const setTimer = jest.spyOn(globalThis, 'setTimeout');
    try {
      await expect(request(connection, 'orders', new Uint8Array(0), { timeout: 1_000 })).rejects.toThrow();
      expect(setTimer).not.toHaveBeenCalled();
    } finally {
      setTimer.mockRestore();
    }
  });
});
