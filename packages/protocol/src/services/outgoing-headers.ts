/** Headers as they go out, one line for each value. */
export type HeaderLines = readonly (readonly [name: string, value: string])[];

/** Headers of what is about to be sent. */
export interface OutgoingHeaders {
  /** The first value, or undefined. */
  get(name: string): string | undefined;
  /** Replaces all values of the name; also that of the caller or of the request that the call is made for. */
  set(name: string, value: string | readonly string[]): void;
}

/** Headers of a message, until it is sent. */
export class HeadersToSend implements OutgoingHeaders {
  constructor(public lines: HeaderLines) {}

  get(name: string): string | undefined {
    return this.lines.find(([other]) => other === name)?.[1];
  }

  set(name: string, value: string | readonly string[]): void {
    const values = typeof value === 'string' ? [value] : value;
    this.lines = [
      ...this.lines.filter(([other]) => other !== name),
      ...values.map((one): [string, string] => [name, one]),
    ];
  }
}
