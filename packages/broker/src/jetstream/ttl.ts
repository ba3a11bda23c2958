import { parseDuration } from './time-format';

/** What `Nats-TTL` says: whole seconds, 0 for none, or `never`; undefined where it is not set. */
export type Ttl = number | 'never' | undefined;

/** Reads `Nats-TTL`: seconds, a duration of Go of at least one second, or `never`. */
export function readTtl(text: string | undefined): Ttl | 'invalid' {
  if (text === undefined || text === '') return undefined;
  if (text.toLowerCase() === 'never') return 'never';
  const ms = parseDuration(text);
  if (ms !== undefined && text !== '0') return ms < 1000 ? 'invalid' : Math.floor(ms / 1000);
  return /^\d{1,12}$/.test(text) ? Number(text) : 'invalid';
}
