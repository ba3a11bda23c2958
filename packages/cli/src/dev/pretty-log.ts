import { harmless, harmlessJson, harmlessLines } from '../output/harmless';
import { paint } from '../output/output';

/** A line of pino. */
interface Entry {
  readonly level: number;
  readonly time: number;
  readonly msg?: unknown;
  readonly err?: { readonly stack?: unknown };
}

const LEVELS: readonly (readonly [number, string, (text: string) => string])[] = [
  [60, 'FATAL', paint.red],
  [50, 'ERROR', paint.red],
  [40, 'WARN ', paint.yellow],
  [30, 'INFO ', paint.green],
  [20, 'DEBUG', paint.dim],
  [0, 'TRACE', paint.dim],
];

/** Of each line the same, and of no use to somebody who looks at one process. */
const LEFT_OUT = new Set(['level', 'time', 'pid', 'hostname', 'msg', 'err', 'v']);

/** The name of natsmith's default logger, which is on each of its lines. */
const DEFAULT_LOGGER = 'natsmith';

/** A log line for people: time, level, text and fields, then the error's stack; undefined for what is not pino's JSON. */
export function prettyLog(line: string): string | undefined {
  const entry = entryIn(line);
  if (entry === undefined) return undefined;
  const [, name, colour] = LEVELS.find(([level]) => entry.level >= level) ?? [0, 'LOG  ', paint.dim];
  const time = new Date(entry.time).toTimeString().slice(0, 8);
  const fields = Object.entries(entry)
    .filter(([key, value]) => !LEFT_OUT.has(key) && !(key === 'name' && value === DEFAULT_LOGGER))
    .map(([key, value]) =>
      paint.dim(`${harmless(key)}=${typeof value === 'string' ? harmless(value) : harmlessJson(value)}`),
    );
  const text = typeof entry.msg === 'string' ? harmless(entry.msg) : '';
  const stack = typeof entry.err?.stack === 'string' ? `\n${harmlessLines(entry.err.stack)}` : '';
  return `${[paint.dim(time), colour(name), text, ...fields].filter((part) => part !== '').join(' ')}${stack}`;
}

function entryIn(line: string): Entry | undefined {
  if (!line.startsWith('{"level":')) return undefined;
  try {
    const entry = JSON.parse(line) as Entry;
    return typeof entry.level === 'number' && typeof entry.time === 'number' ? entry : undefined;
  } catch {
    return undefined;
  }
}
