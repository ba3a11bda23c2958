import type { ReplyHeaders, RequestHeaders } from '@natsmith/core';
import { headerNameProblem, headerValueProblem } from '@natsmith/protocol';

/** Values by name; several for a header that is there several times. */
export type HeaderValues = Readonly<Record<string, string | readonly string[]>>;

/** Headers of a test: read as those of a request, and set as those of a reply. */
export class TestHeaders implements RequestHeaders, ReplyHeaders {
  readonly #values = new Map<string, string[]>();

  constructor(values: HeaderValues = {}) {
    for (const [name, all] of Object.entries(values)) for (const value of [all].flat()) this.append(name, value);
  }

  get(name: string): string | undefined {
    return this.#values.get(name)?.[0];
  }

  getAll(name: string): string[] {
    return [...(this.#values.get(name) ?? [])];
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  keys(): string[] {
    return [...this.#values.keys()];
  }

  /** @throws TypeError when the header could not be sent */
  set(name: string, value: string): void {
    check(name, value);
    this.#values.set(name, [String(value)]);
  }

  /** @throws TypeError when the header could not be sent */
  append(name: string, value: string): void {
    check(name, value);
    this.#values.set(name, [...this.getAll(name), String(value)]);
  }

  delete(name: string): void {
    this.#values.delete(name);
  }
}

function check(name: string, value: unknown): void {
  // As in a running service: JavaScript may give numbers and booleans, too.
  const text = typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;
  const problem = headerNameProblem(name) ?? headerValueProblem(name, text);
  if (problem !== undefined) throw new TypeError(problem);
}
