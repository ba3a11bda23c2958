import { TestHost } from '@natsmith/testing';
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Greeter } from '../src/greeter.service';

describe('Greeter', () => {
  let test: TestHost;

  // The service on a NATS broker inside this process, called as any client would.
  before(async () => {
    test = await TestHost.create(Greeter);
  });
  after(() => test.stop());

  it('greets a person by name', async () => {
    assert.equal(await test.request('greeter.hello', { name: 'Ann' }), 'Hello, Ann!');
  });

  it('refuses a person without a name', async () => {
    await assert.rejects(test.request('greeter.hello', { name: '' }), { code: 400 });
  });
});
