import type { ServiceClient } from '@natsmith/client';
import { Endpoint, Group, Service, ServiceError, type RequestContext } from '@natsmith/core';
import { IsInt, IsString, Max, Min } from 'class-validator';
import type { Readings } from './readings.service';

export class Window {
  @IsString() sensor!: string;
  /** Readings in each average. */
  @IsInt() @Min(1) @Max(1000) size!: number;
}

/** Reads one stream and makes another of it: the slowest of the three sets the pace. */
@Service({ name: 'averages', version: '1.0.0', description: 'Averages of what sensors measure' })
@Group('averages')
export class Averages {
  client: ServiceClient | undefined;

  // #region between
  @Endpoint()
  async *watch({ sensor, size }: Window, ctx: RequestContext): AsyncGenerator<number> {
    if (this.client === undefined) throw new ServiceError(503, 'not connected yet');
    const readings = await this.client.with(ctx).service<Readings>('readings');
    let sum = 0;
    for await (const { number, celsius } of readings.watch({ sensor, interval: 0 })) {
      sum += celsius;
      if (number % size !== 0) continue;
      yield sum / size;
      sum = 0;
    }
  }
  // #endregion
}
