import { Endpoint, Group, Service, type RequestContext } from '@natsmith/core';
import { IsInt, IsString, Min } from 'class-validator';
import { setTimeout as delay } from 'node:timers/promises';

export class Watch {
  @IsString() sensor!: string;
  /** Milliseconds between two readings. */
  @IsInt() @Min(0) interval!: number;
}

export interface Reading {
  readonly sensor: string;
  readonly number: number;
  readonly celsius: number;
}

// #region service
@Service({ name: 'readings', version: '1.0.0', description: 'What sensors measure' })
@Group('readings')
export class Readings {
  /** How many watchers there are. */
  watchers = 0;

  @Endpoint()
  async *watch({ sensor, interval }: Watch, ctx: RequestContext): AsyncGenerator<Reading> {
    this.watchers++;
    try {
      // Until the reader leaves, or the service stops.
      for (let number = 1; !ctx.stopping.aborted; number++) {
        yield { sensor, number, celsius: 20 + (number % 5) };
        if (interval > 0) await delay(interval, undefined, { signal: ctx.signal });
      }
    } finally {
      this.watchers--; // also when the caller leaves, or is gone
    }
  }
}
// #endregion
