import { printable, textOf } from '../text';

/** Bytes of a discovery reply that are parsed; natsmith's own keep within `max_payload`, 1 MiB by default. */
export const MAX_DISCOVERY_REPLY = 4 * 1024 * 1024;
/** Levels below a reply; what prints or compares one recurses over it. */
const MAX_DEPTH = 100;
/** Characters of a reason: what it quotes came over the wire. */
const MAX_REASON = 400;

/** Which instance a reply came from, as far as it is known. */
export interface ReplyOrigin {
  readonly name: string;
  readonly id?: string;
}

/** Why a reply was not used. */
export interface ReplyProblem {
  readonly from?: ReplyOrigin;
  /** One printable line that names the service, as far as it is known, and the field. */
  readonly reason: string;
}

/** A reply that cannot be used. */
export class UnusableReply extends Error implements ReplyProblem {
  override readonly name = 'UnusableReply';
  readonly reason: string;
  declare readonly from?: ReplyOrigin;

  constructor(reason: string, from?: ReplyOrigin) {
    const line = printable(reason, MAX_REASON);
    super(line);
    this.reason = line;
    if (from !== undefined) this.from = from;
  }

  /** Without the stack. */
  get problem(): ReplyProblem {
    return { ...(this.from !== undefined && { from: this.from }), reason: this.reason };
  }
}

/** The JSON object in a reply. @param who for the error @throws UnusableReply */
export function parseReply(body: Uint8Array, who: string): Record<string, unknown> {
  if (body.length > MAX_DISCOVERY_REPLY)
    throw new UnusableReply(`${who} sent ${body.length} bytes; a reply may have ${MAX_DISCOVERY_REPLY}`);
  let value: unknown;
  try {
    value = JSON.parse(textOf(body));
  } catch {
    // Reported below.
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new UnusableReply(`${who} sent something other than a JSON object`);
  if (isDeeper(value, MAX_DEPTH))
    throw new UnusableReply(`${who} sent JSON that nests deeper than ${MAX_DEPTH} levels`);
  return value as Record<string, unknown>;
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  for (const inner of Object.values(value)) if (isDeeper(inner, levels - 1)) return true;
  return false;
}

/** One object of a reply, read field by field; null counts as left out. */
export class ReplyFields {
  constructor(
    private readonly object: Readonly<Record<string, unknown>>,
    /** Begins each reason. */
    public who: string,
    public from: ReplyOrigin | undefined,
    private readonly path = '',
  ) {}

  value(field: string): unknown {
    return this.object[field] ?? undefined;
  }

  /** A string; what other languages send as a number or a boolean is read as one. */
  text(field: string, otherwise?: string): string {
    const value = this.value(field) ?? otherwise;
    if (value === undefined) this.refuse(field, 'is missing');
    if (typeof value === 'string') return value;
    if (typeof value === 'number' || typeof value === 'boolean') return String(value);
    return this.refuse(field, `must be a string, got ${kindOf(value)}`);
  }

  /** A string that a rule holds for. @param problemOf what is wrong with it, or undefined */
  checked(field: string, problemOf: (text: string) => string | undefined, otherwise?: string): string {
    const text = this.text(field, otherwise);
    const problem = problemOf(text);
    if (problem !== undefined) this.refuse(field, problem);
    return text;
  }

  /** A finite number, 0 or more. */
  count(field: string): number {
    const value = this.value(field);
    if (value === undefined) this.refuse(field, 'is missing');
    if (typeof value !== 'number' || !Number.isFinite(value) || value < 0)
      this.refuse(field, `must be a number of 0 or more, got ${typeof value === 'number' ? value : kindOf(value)}`);
    return value;
  }

  /** An object of strings; other values are read as JSON. */
  texts(field: string): Record<string, string> {
    const value = this.value(field) ?? {};
    if (typeof value !== 'object' || Array.isArray(value))
      this.refuse(field, `must be an object, got ${kindOf(value)}`);
    const entries = Object.entries(value).map(([key, text]: [string, unknown]) => [
      key,
      typeof text === 'string' ? text : JSON.stringify(text),
    ]);
    return Object.fromEntries(entries) as Record<string, string>;
  }

  list(field: string, max: number): ReplyFields[] {
    if (!(field in this.object)) this.refuse(field, 'is missing');
    const value = this.value(field) ?? [];
    if (!Array.isArray(value)) this.refuse(field, `must be an array, got ${kindOf(value)}`);
    if (value.length > max) this.refuse(field, `has ${value.length} items; it may have ${max}`);
    return (value as unknown[]).map((item, i) => {
      if (typeof item !== 'object' || item === null || Array.isArray(item))
        this.refuse(`${field}[${i}]`, `must be an object, got ${kindOf(item)}`);
      return new ReplyFields(item as Record<string, unknown>, this.who, this.from, `${this.path}${field}[${i}].`);
    });
  }

  refuse(field: string, problem: string): never {
    throw new UnusableReply(`${this.who}: "${this.path}${field}" ${problem}`, this.from);
  }
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}
