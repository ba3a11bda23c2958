import { Database as Sqlite } from 'node-sqlite3-wasm';
import { Lifecycle, scoped } from 'tsyringe';

/** The shop's tables, in memory: they are new at each start. */
@scoped(Lifecycle.ContainerScoped)
export class Database {
  private readonly sqlite = new Sqlite(':memory:');

  constructor() {
    this.sqlite.exec(`
      CREATE TABLE products (sku TEXT PRIMARY KEY, name TEXT, price INTEGER, stock INTEGER);
      CREATE TABLE orders (id INTEGER PRIMARY KEY, customer TEXT, total INTEGER, status TEXT);
      CREATE TABLE lines (order_id INTEGER, sku TEXT, quantity INTEGER);
      INSERT INTO products VALUES ('tea', 'Green tea', 450, 20), ('cup', 'Cup', 800, 3);
    `);
  }

  all<Row>(sql: string, values: (string | number)[] = []): Row[] {
    return this.sqlite.all(sql, values) as Row[];
  }

  /** Gives the id of the row that was inserted, if one was. */
  run(sql: string, values: (string | number)[] = []): number {
    return Number(this.sqlite.run(sql, values).lastInsertRowid);
  }

  /** All of it happens, or nothing. */
  transaction<Result>(work: () => Result): Result {
    this.sqlite.exec('BEGIN');
    try {
      const result = work();
      this.sqlite.exec('COMMIT');
      return result;
    } catch (error) {
      this.sqlite.exec('ROLLBACK');
      throw error;
    }
  }

  close(): void {
    if (this.sqlite.isOpen) this.sqlite.close();
  }
}
