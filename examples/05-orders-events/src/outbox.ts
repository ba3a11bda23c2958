import type { JetStreamPublisher, PreparedEvent } from '@natsmith/jetstream';
import type Database from 'libsql';

interface Row {
  readonly id: number;
  readonly subject: string;
  readonly headers: string;
  readonly body: ArrayBuffer;
}

// #region outbox
/** Events that are to be published, in the database of what they are about. */
export class Outbox {
  private relaying: Promise<void> | undefined;
  private isStopped = false;

  constructor(
    private readonly database: Database.Database,
    private readonly publisher: JetStreamPublisher,
  ) {
    database.exec(
      'CREATE TABLE IF NOT EXISTS outbox (id INTEGER PRIMARY KEY AUTOINCREMENT, subject TEXT, headers TEXT, body BLOB)',
    );
  }

  /** Writes an event down; called in the transaction that changes what it is about. */
  add({ subject, headers, body }: PreparedEvent): void {
    this.database
      .prepare('INSERT INTO outbox (subject, headers, body) VALUES (?, ?, ?)')
      .run(subject, JSON.stringify(headers), Buffer.from(body));
  }

  /** Publishes what is written down, the oldest first, and forgets it when the stream has it. */
  relay(): Promise<void> {
    this.relaying ??= this.relayAll().finally(() => (this.relaying = undefined));
    return this.relaying;
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    await this.relaying?.catch(() => undefined);
  }

  private async relayAll(): Promise<void> {
    for (let rows = this.next(); rows.length > 0 && !this.isStopped; rows = this.next())
      for (const { id, subject, headers, body } of rows) {
        // Killed after this line and before the next one, it is sent again: the stream knows its message id.
        await this.publisher.send({
          subject,
          headers: JSON.parse(headers) as PreparedEvent['headers'],
          body: new Uint8Array(body),
        });
        this.database.prepare('DELETE FROM outbox WHERE id = ?').run(id);
      }
  }

  private next(): Row[] {
    return this.database.prepare('SELECT * FROM outbox ORDER BY id LIMIT 100').all() as Row[];
  }
}
// #endregion outbox
