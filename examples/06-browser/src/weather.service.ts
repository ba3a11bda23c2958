import { Endpoint, Service, stream, type RequestContext } from '@natsmith/core';
import { IsNumber, IsString } from 'class-validator';
import { setTimeout as delay } from 'node:timers/promises';

export class Place {
  @IsString() city!: string;
}

export class Reading {
  @IsNumber() celsius!: number;
}

@Service({ name: 'weather', version: '1.2.0', description: 'Answers web pages' })
export class Weather {
  /** Live streams that nobody has left. */
  watched = 0;

  @Endpoint()
  forecast({ city }: Place): { city: string; celsius: number } {
    return { city, celsius: city.length };
  }

  /** Until the page leaves. */
  @Endpoint({ response: stream(Reading) })
  async *live(_: undefined, { signal }: RequestContext): AsyncGenerator<Reading> {
    this.watched++;
    try {
      for (let celsius = 1; !signal.aborted; celsius++) {
        yield { celsius };
        await delay(10);
      }
    } finally {
      this.watched--;
    }
  }

  @Endpoint({ request: stream(Reading) })
  async average(readings: AsyncIterable<Reading>): Promise<number> {
    let sum = 0;
    let count = 0;
    for await (const { celsius } of readings) {
      sum += celsius;
      count++;
    }
    return sum / count;
  }

  /** A body that travels in chunks. */
  @Endpoint()
  archive(): string {
    return 'x'.repeat(3_000_000);
  }

  @Endpoint({ timeout: 5_000 })
  async slow(_: undefined, { signal }: RequestContext): Promise<string> {
    await delay(4_000, undefined, { signal });
    return 'too late';
  }

  @Endpoint()
  beingWatched(): number {
    return this.watched;
  }
}
