import { Buffer } from '../platform/node';
import type { HeaderBlock } from '../services/header';
import type { Message } from '../nats/connection';
import { DEFAULT_HEARTBEAT, SEQUENCE_HEADER } from './headers';

/** A body on its way out; a string goes as UTF-8. */
export type Body = Uint8Array | string;

/** What a consumer says to its producer, on the reply subject that items carry. */
export type Control = { readonly type: 'credit'; readonly upTo: number } | { readonly type: 'cancel' };

/** `credit 512`: items up to number 512 may be sent. `cancel`: none is wanted any more. */
export function encodeControl(control: Control): string {
  return control.type === 'cancel' ? 'cancel' : `credit ${control.upTo}`;
}

/** Reads a control message; undefined when it is none. */
export function parseControl({ data }: Pick<Message, 'data'>): Control | undefined {
  const text = Buffer.from(data).toString('latin1').trim();
  if (text === 'cancel') return { type: 'cancel' };
  const upTo = /^credit (\d{1,15})$/.exec(text)?.[1];
  return upTo === undefined ? undefined : { type: 'credit', upTo: Number(upTo) };
}

/** A positive whole number from a header of a request; undefined for anything else. */
export function countIn(value: string | undefined): number | undefined {
  return value !== undefined && /^\d{1,15}$/.test(value) && Number(value) > 0 ? Number(value) : undefined;
}

/** The first credit from a header of a request, 0 or more; undefined for anything else. */
export function creditIn(value: string | undefined): number | undefined {
  return value !== undefined && /^\d{1,15}$/.test(value) ? Number(value) : undefined;
}

// One end may not make the other beat faster, nor hold a stream for minutes after it is gone.
const MIN_HEARTBEAT = 50;
const MAX_HEARTBEAT = 60_000;

/** The heartbeat that a request asks for, in ms, within bounds. */
export function heartbeatIn(value: string | undefined): number {
  return Math.min(Math.max(countIn(value) ?? DEFAULT_HEARTBEAT, MIN_HEARTBEAT), MAX_HEARTBEAT);
}

/** The header of an item, or of the end. Made for each item, so without the checks that a number passes anyway. */
export function sequenceHeader(sequence: number): HeaderBlock {
  const block = `NATS/1.0\r\n${SEQUENCE_HEADER}: ${sequence}\r\n\r\n`;
  return { block: () => block, encode: () => Buffer.from(block) };
}

const ITEM_START = Buffer.from(`NATS/1.0\r\n${SEQUENCE_HEADER}: `);
const ITEM_END = Buffer.from('\r\n\r\n');

/** The number of an item that has no other header, without having the library decode it; undefined for any other message. */
export function numberOfBareItem({ _msg, _rdata }: Message): number | undefined {
  if (_msg === undefined || _rdata === undefined || _msg.hdr <= 0 || _rdata.length === _msg.hdr) return undefined;
  const end = _msg.hdr - ITEM_END.length;
  if (end <= ITEM_START.length || !holds(_rdata, 0, ITEM_START) || !holds(_rdata, end, ITEM_END)) return undefined;
  let number = 0;
  for (let i = ITEM_START.length; i < end; i++) {
    const digit = (_rdata[i] ?? 0) - 48;
    if (digit < 0 || digit > 9) return undefined;
    number = number * 10 + digit;
  }
  return number;
}

// A loop, because a Buffer for each message would cost more than the comparison.
function holds(bytes: Uint8Array, start: number, expected: Uint8Array): boolean {
  for (let i = 0; i < expected.length; i++) if (bytes[start + i] !== expected[i]) return false;
  return true;
}
