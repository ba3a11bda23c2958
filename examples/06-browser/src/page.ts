// Runs in the browser. `npm start` bundles it; nothing of Node.js is in the bundle.
import { ServiceClient, ServiceError } from '@natsmith/client';
import type { Weather } from './weather.service';

const log = document.querySelector('#log') as HTMLElement;
const say = (line: string): void => void (log.textContent += `${line}\n`);

async function tour(server: string): Promise<void> {
  // #region call
  const client = await ServiceClient.connect({ connection: { servers: server } });
  const weather = await client.service<Weather>('weather', { version: '^1.0.0' });
  const { celsius } = await weather.forecast({ city: 'Oslo' });
  // #endregion
  say(`forecast: ${celsius}`);

  for (const { name, version } of await client.ping('weather')) say(`found: ${name} ${version}`);

  const refused: unknown = await weather.forecast({} as { city: string }).catch((error: unknown) => error);
  if (refused instanceof ServiceError) say(`refused: ${refused.code} ${JSON.stringify(refused.data)}`);

  // #region stream
  for await (const reading of weather.live()) {
    say(`live: ${reading.celsius}`);
    if (reading.celsius === 3) break; // the service stops
  }
  // #endregion
  while ((await weather.beingWatched()) > 0);
  say('live: left');

  const readings = (async function* () {
    for (const celsius of [10, 20, 30]) yield { celsius };
  })();
  say(`average: ${await weather.average(readings)}`);
  say(`archive: ${(await weather.archive()).length}`);

  const leaving = new AbortController();
  setTimeout(() => leaving.abort(new Error('the visitor has left')), 50);
  const cancelled: unknown = await weather.slow(undefined, { signal: leaving.signal }).catch((error: unknown) => error);
  say(`cancelled: ${(cancelled as Error).message}`);

  await client.close();
}

tour(document.body.dataset['nats'] ?? '')
  .catch((error: unknown) => say(`failed: ${(error as Error).stack}`))
  .finally(() => (document.body.dataset['state'] = 'done'));
