import { Log } from '#test/log';
import { UserObjects } from './objects';

describe('a start that hangs', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  class Orders {
    onStart(): Promise<void> | undefined {
      return undefined;
    }
  }
  const services = [{ classes: [Orders] }];

  it('in onStart() says every ten seconds what it waits for, until it goes on', async () => {
    const log = new Log();
    let goOn: () => void = () => undefined;
    class Slow extends Orders {
      override onStart(): Promise<void> {
        return new Promise((resolve) => (goOn = resolve));
      }
    }
    const started = new UserObjects(new Map([[Orders, new Slow()]]), log).start(services, undefined);
    await jest.advanceTimersByTimeAsync(25_000);
    expect(log.find('warn', /^the start waits for onStart\(\) of Orders$/)).toEqual([{ seconds: 10 }, { seconds: 20 }]);
    goOn();
    await started;
    await jest.advanceTimersByTimeAsync(25_000);
    expect(log.of('warn')).toHaveLength(2);
  });

  it('in the container says which class it waits for', async () => {
    const log = new Log();
    const never = { get: () => new Promise<never>(() => undefined) };
    void new UserObjects(new Map(), log).start(services, never);
    await jest.advanceTimersByTimeAsync(10_000);
    expect(log.find('warn', /^the start waits for the container to give Orders; does what it gives have/)).toEqual([
      { seconds: 10 },
    ]);
  });
});
