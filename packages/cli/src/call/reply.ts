import type { ReceivedHeaders, ServiceError } from '@natsmith/client';
import { harmless, harmlessDocument, harmlessJson } from '../output/harmless';
import { indented, isDeep } from '../output/json-text';
import { paint, pass, print } from '../output/output';

/** A body for programs: its JSON value, else (or nested very deeply) its text, else base64; undefined for an empty one. */
export function valueOf(body: Uint8Array): unknown {
  if (body.length === 0) return undefined;
  const text = textOf(body);
  if (text === undefined) return { base64: Buffer.from(body).toString('base64') };
  return isJson(text) && !isDeep(text) ? (JSON.parse(text) as unknown) : text;
}

/** Writes a body for people on a terminal, and as it came elsewhere. */
export function printBody(body: Uint8Array): void {
  if (!process.stdout.isTTY) return pass(body);
  if (body.length === 0) return print(paint.dim('(empty)'));
  const text = textOf(body);
  if (text === undefined) return print(paint.dim(`(${body.length} binary; redirect it to a file)`));
  print(isJson(text) ? harmlessDocument(indented(text)) : text);
}

/** All headers, each with its values. */
export function headersOf(headers: ReceivedHeaders): Record<string, string[]> {
  return Object.fromEntries(headers.keys().map((name) => [name, headers.getAll(name)]));
}

/** The headers of an error, each with its values. */
export function headersOfError({ headers = {} }: ServiceError): Record<string, string[]> {
  return Object.fromEntries(Object.entries(headers).map(([name, values]) => [name, [values].flat()]));
}

/** An error of a service for programs. */
export function errorForPrograms({ code, description, data }: ServiceError): object {
  return { code, description, data };
}

/** An error of a service for people, with its data. */
export function describeError({ code, description, data }: ServiceError): string {
  return `${code}: ${harmless(description)}${data === undefined ? '' : `\n${harmlessJson(data, 2)}`}`;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function textOf(body: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf8', { fatal: true }).decode(body);
  } catch {
    return undefined;
  }
}
