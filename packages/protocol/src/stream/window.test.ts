import { FIRST_CREDIT } from './first-credit';
import { Window } from './window';

describe('the window of a consumer', () => {
  function windowAfter(...sizes: number[]): number {
    const window = new Window(undefined);
    for (const size of sizes) window.add(size);
    return window.size;
  }

  it('is as wide as was asked, whatever comes', () => {
    const window = new Window(7);
    window.add(10);
    expect(window.size).toBe(7);
  });

  it('begins with a first credit where nobody asked', () => expect(windowAfter()).toBe(FIRST_CREDIT));

  it('opens for small items as they come, up to 4,096', () => {
    expect(windowAfter(10, 12)).toBe(32);
    expect(windowAfter(...Array<number>(1000).fill(10))).toBe(2000);
    expect(windowAfter(...Array<number>(9000).fill(10))).toBe(4096);
  });

  it('closes for large ones, to what 4 MiB hold', () => {
    expect(windowAfter(1024 * 1024)).toBe(4);
    expect(windowAfter(2 * 1024 * 1024, 0)).toBe(4);
  });

  it('never closes altogether', () => expect(windowAfter(64 * 1024 * 1024)).toBe(1));
});
