import { needsNode } from './node-alone';

describe('natsmith dev', () => {
  it('runs under Node.js', () => {
    expect(() => needsNode('src/main.ts', { node: '20.19.0' })).not.toThrow();
  });

  // Both name a version of Node.js that they are like, too.
  it.each([
    ['bun', '"bun --watch src/main.ts" runs the service, and restarts it'],
    ['deno', '"deno run --allow-all --watch src/main.ts" runs the service, and restarts it'],
  ])('says what to run instead under %s', (runtime, advice) => {
    const versions = { node: '24.0.0', [runtime]: '1.0.0' };
    expect(() => needsNode('src/main.ts', versions)).toThrow(
      `natsmith dev needs Node.js, and this process is ${runtime}; `,
    );
    expect(() => needsNode('src/main.ts', versions)).toThrow(advice);
  });
});
