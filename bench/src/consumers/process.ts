import { Socket } from 'node:net';

/** How many messages a consumer's process handles; the first ones only warm it up. */
export interface Portion {
  readonly warmUp: number;
  readonly measured: number;
}

/** What the measured ones came to; CPU in microseconds. */
export interface Consumed {
  readonly done: number;
  readonly seconds: number;
  readonly cpu: number;
  /** Writes to sockets. */
  readonly writes: number;
}

let writes = 0;
// eslint-disable-next-line @typescript-eslint/unbound-method -- called with the socket
const { write } = Socket.prototype;
Socket.prototype.write = function (this: Socket, ...args: unknown[]): boolean {
  writes++;
  return write.apply(this, args as never);
};

/** Begins to consume when a portion is asked for; `begin` gets what is to be called with each message's sum. */
export function consumer(begin: (handled: (sum: number) => void, portion: Portion) => Promise<void>): void {
  process.on('disconnect', () => process.exit());
  process.on('message', (portion: Portion) => {
    const { warmUp, measured } = portion;
    let count = 0;
    let before: { cpu: NodeJS.CpuUsage; started: number; writes: number } | undefined;
    void begin((sum) => {
      if (sum !== 42) throw new Error(`${sum} instead of 42`);
      count++;
      if (count === warmUp) before = { cpu: process.cpuUsage(), started: performance.now(), writes };
      if (count !== warmUp + measured || before === undefined) return;
      const { user, system } = process.cpuUsage(before.cpu);
      const consumed: Consumed = {
        done: measured,
        seconds: (performance.now() - before.started) / 1000,
        cpu: user + system,
        writes: writes - before.writes,
      };
      process.send?.(consumed);
    }, portion);
  });
  process.send?.('ready');
}
