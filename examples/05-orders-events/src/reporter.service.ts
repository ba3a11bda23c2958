import { Endpoint, Service } from '@natsmith/core';
import { Schedule, type ScheduleContext } from '@natsmith/jetstream';
import type Database from 'libsql';

/** What was ordered of an article since the report before. */
export interface Line {
  readonly day: string;
  readonly article: string;
  readonly quantity: number;
}

// #region service
@Service({ name: 'reporter', version: '1.0.0' })
export class Reporter {
  constructor(private readonly database: Database.Database) {
    database.exec('CREATE TABLE IF NOT EXISTS reports (day TEXT, article TEXT, quantity INTEGER)');
  }

  @Schedule('0 5 * * *', { timeZone: 'Europe/Berlin', retry: { attempts: 3, delays: ['1m', '10m'] } })
  nightly(_: undefined, { scheduledAt }: ScheduleContext): void {
    const day = scheduledAt.toISOString().slice(0, 10);
    // All or nothing, and each order once: a run that is tried again, or asked for twice, does no harm.
    this.database.transaction(() => {
      this.database
        .prepare(
          'INSERT INTO reports SELECT ?, article, SUM(quantity) FROM orders WHERE reported IS NULL GROUP BY article',
        )
        .run(day);
      this.database.prepare('UPDATE orders SET reported = ? WHERE reported IS NULL').run(day);
    })();
  }

  @Endpoint() reports(): Line[] {
    return this.database.prepare('SELECT * FROM reports ORDER BY day, article').all() as Line[];
  }
}
// #endregion service
