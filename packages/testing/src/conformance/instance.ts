import { controlSubject, type Connection, type Verb } from '@natsmith/protocol';
import type { Findings } from './report';
import { askOne, type Fields, type RawReply } from './wire';

/** One instance under check. */
export interface Instance {
  readonly connection: Connection;
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
  { connection, name, id, timeout, prefix }: Instance,
  verb: Verb,
  question: { body?: Uint8Array; headers?: Readonly<Record<string, string>> } = {},
): Promise<RawReply | undefined> {
  return askOne(connection, controlSubject(verb, name, id, prefix), { timeout, ...question });
}

/** The endpoints in a reply of INFO or STATS, as far as they are objects. */
export function endpointsIn(reply: Fields | undefined): Fields[] {
  const list = reply?.endpoints;
  if (!Array.isArray(list)) return [];
  return (list as unknown[]).filter((item): item is Fields => typeof item === 'object' && item !== null);
}

/** A field as a whole number; 0 where it is none. */
export function countOf(endpoint: Fields | undefined, field: string): number {
  const value = endpoint?.[field];
  return typeof value === 'number' ? value : 0;
}

/** A value as it is shown in a finding. */
export function shown(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
}
