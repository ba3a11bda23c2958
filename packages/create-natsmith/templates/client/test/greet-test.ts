import { ServiceClient } from '@natsmith/client';
import { Endpoint, Service, ServiceError } from '@natsmith/core';
import { TestHost } from '@natsmith/testing';
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { greet } from '../src/greet';
import type { Greeter } from '../src/greeter';
import { listServices } from '../src/services';

/** The service as this client knows it, to test against. */
@Service({ name: 'greeter', version: '1.4.0' })
class TestGreeter implements Greeter {
  @Endpoint({ request: 'unchecked' })
  hello({ name }: { name: string }): string {
    if (name === 'Nobody') throw new ServiceError(404, 'who is that?');
    return `Hello, ${name}!`;
  }
}

describe('greet', () => {
  let test: TestHost;
  let client: ServiceClient;

  before(async () => {
    test = await TestHost.create(TestGreeter);
    client = new ServiceClient(test.connection);
  });
  after(async () => {
    await client.close();
    await test.stop();
  });

  it('gives what the greeter says', async () => {
    assert.equal(await greet(client, 'Ann'), 'Hello, Ann!');
  });

  it("tells the service's own error", async () => {
    assert.equal(await greet(client, 'Nobody'), 'no greeting: 404 who is that?');
  });

  it('finds the service with its subjects', async () => {
    const [line] = await listServices(client);
    assert.match(line ?? '', /^greeter 1\.4\.0 \(\w+\): hello$/);
  });
});
