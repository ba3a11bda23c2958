import { firstChunks } from './first-credit';

test('fewer chunks of a reply may come before a grant, the more calls wait, and none where many do', () => {
  expect([0, 1, 2, 3, 15, 16, 1000].map(firstChunks)).toEqual([16, 8, 5, 4, 1, 0, 0]);
});
