import { getMaxListeners } from 'node:events';
import { Stopping } from './stopping';

it('a listener of each of many running handlers is no leak to Node.js', () => {
  expect(getMaxListeners(new Stopping().signal as never)).toBe(Infinity);
});
