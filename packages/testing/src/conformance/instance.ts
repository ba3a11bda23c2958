import type { ServiceClient } from '@natsmith/client';
import { controlSubject, printable, type Verb } from '@natsmith/protocol';
import type { Findings } from './report';
import { askOne, type Fields, type RawReply } from './wire';

/** One instance under check. */
export interface Instance {
  readonly client: ServiceClient;
  readonly name: string;
  readonly id: string;
  readonly findings: Findings;
  /** Milliseconds that an answer is waited for. */
  readonly timeout: number;
  /** What discovery subjects begin with. */
  readonly prefix: string;
}

/** Asks one instance by its id. */
export function askInstance(
  { client, name, id, timeout, prefix }: Instance,
  verb: Verb,
  question: { body?: Uint8Array; headers?: Readonly<Record<string, string>> } = {},
): Promise<RawReply | undefined> {
  return askOne(client, controlSubject(verb, name, id, prefix), { timeout, ...question });
}

/** Endpoints of one instance that are looked at. */
const MAX_ENDPOINTS = 1_000;

/** The endpoints in a reply of INFO or STATS, as far as they are objects. */
export function endpointsIn(reply: Fields | undefined): Fields[] {
  const list = reply?.endpoints;
  if (!Array.isArray(list)) return [];
  return (list as unknown[])
    .slice(0, MAX_ENDPOINTS)
    .filter((item): item is Fields => typeof item === 'object' && item !== null);
}

/** A field as a whole number; 0 where it is none. */
export function countOf(endpoint: Fields | undefined, field: string): number {
  const value = endpoint?.[field];
  return typeof value === 'number' ? value : 0;
}

const MAX_SHOWN = 120;

/** A value as it is shown in a finding. */
export function shown(value: unknown): string {
  return value === undefined ? 'nothing' : printable(JSON.stringify(value), MAX_SHOWN);
}
