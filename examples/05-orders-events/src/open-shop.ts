import { connect, NatsServiceFactory, type NatsServiceHost } from '@natsmith/core';
import { JetStreamPublisher } from '@natsmith/jetstream';
import Database from 'libsql';
import { Reporter } from './reporter.service';
import { Shop } from './shop.service';

/** Opens a shop that keeps its orders in a file. */
export async function openShop(file: string, url: string): Promise<NatsServiceHost> {
  const database = new Database(file);
  database.pragma('journal_mode = WAL');
  // What is committed is on the disk, whatever happens to the machine.
  database.pragma('synchronous = FULL');
  const connection = await connect({ servers: url });
  const shop = new Shop(database, new JetStreamPublisher(connection));
  const host = await NatsServiceFactory.create([shop, new Reporter(database)], { connection, signals: false });
  void host.stopped.then(async () => {
    await connection.close();
    database.close();
  });
  return host;
}
