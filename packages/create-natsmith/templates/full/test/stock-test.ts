import 'reflect-metadata';
import { TestHost } from '@natsmith/testing';
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { container } from 'tsyringe';
import { Stock } from '../src/stock/stock.service';

describe('Stock', () => {
  let test: TestHost;

  // The service on a NATS broker inside this process, called as any client would.
  before(async () => {
    const own = container.createChildContainer();
    test = await TestHost.create(Stock, { container: { get: (target) => own.resolve(target) } });
  });
  after(() => test.stop());

  it('takes pieces from the shelf', async () => {
    await test.request('stock.take', [{ article: 'apple', quantity: 2 }]);
    assert.equal(await test.request('stock.apple.left'), 98);
  });

  it('takes nothing when one article is sold out', async () => {
    const wanted = [
      { article: 'apple', quantity: 1 },
      { article: 'pear', quantity: 4 },
    ];
    await assert.rejects(test.request('stock.take', wanted), { code: 409, data: { article: 'pear', left: 3 } });
    assert.equal(await test.request('stock.apple.left'), 98);
  });

  it('refuses half a piece', async () => {
    await assert.rejects(test.request('stock.take', [{ article: 'apple', quantity: 0.5 }]), { code: 400 });
  });
});
