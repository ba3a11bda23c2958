import { refusals } from './api-error';
import { headerOf } from './headers';

/** The version in INFO, by which clients switch features on. */
export const VERSION = '2.14.0';
/** The API level that goes with it. */
export const API_LEVEL = 4;

/** Metadata as it is kept: what the asset needs of a server, and nothing about this one. */
export function withRequiredLevel(metadata: Metadata | undefined, level: number): Metadata {
  const kept: Metadata = { ...metadata, '_nats.req.level': String(level) };
  delete kept['_nats.ver'];
  delete kept['_nats.level'];
  return kept;
}

/** Metadata as it is sent. */
export function withServerLevel(metadata: Metadata): Metadata {
  return { '_nats.level': String(API_LEVEL), ...metadata, '_nats.ver': VERSION };
}

/** Throws for a request whose headers ask for a newer server. */
export function checkRequiredLevel(headers: string): void {
  const wanted = headers === '' ? undefined : headerOf(headers, 'Nats-Required-Api-Level');
  if (wanted === undefined || wanted === '') return;
  if (!/^\d{1,9}$/.test(wanted) || Number(wanted) > API_LEVEL) throw refusals.requiredLevel();
}

export type Metadata = Record<string, string>;
