import type { InfoResponse } from '@natsmith/protocol';
import type { Logger } from '../define/logger';

const SCHEMAS = ['request_schema', 'response_schema'];
/** What natsmith's client cannot do without. */
const OWN = ['method', 'subject_template', 'stream', 'idempotent'];

/** Something of INFO that it can do without. */
interface Part {
  readonly of: { metadata: Record<string, string>; description?: string };
  readonly endpoint: string | undefined;
  readonly what: string;
  readonly isSpared: (key: string) => boolean;
}

/**
 * Leaves out schemas first, then what the user says in words, then the rest of the metadata; the largest goes first.
 * @param headerSize bytes of the reply's headers, which count against max_payload as well
 */
export function fitInfo(info: InfoResponse, maxPayload: number, headerSize: number, logger: Logger): void {
  let excess = sizeOf(info) + headerSize - maxPayload;
  if (excess <= 0) return;
  for (const [what, isSpared] of [
    ['schemas', (key) => !SCHEMAS.includes(key)],
    ['metadata', (key) => OWN.includes(key)],
    ['metadata', () => false],
  ] as [string, (key: string) => boolean][]) {
    const parts: Part[] = info.endpoints.map((of) => ({ of, endpoint: of.name, what, isSpared }));
    if (what === 'metadata') parts.push({ of: info, endpoint: undefined, what: 'description and metadata', isSpared });
    for (const { part, size } of parts.map((part) => ({ part, size: sizeOf(part.of.metadata) })).sort(bySize)) {
      if (excess <= 0) return;
      const left = remove(part);
      if (left === size) continue;
      excess -= size - left;
      const whose = part.endpoint === undefined ? 'the service' : `endpoint "${part.endpoint}"`;
      logger.warn(
        { service: info.name, ...(part.endpoint !== undefined && { handler: part.endpoint }), maxPayload },
        `INFO is over max_payload; the ${part.what} of ${whose} are left out`,
      );
    }
  }
  if (excess > 0)
    logger.error(
      { service: info.name, excess },
      'INFO is over max_payload whatever is left out; it cannot be answered',
    );
}

/** Gives the bytes that are left, the description's taken off. */
function remove({ of, isSpared, endpoint }: Part): number {
  for (const key of Object.keys(of.metadata)) if (!isSpared(key)) delete of.metadata[key];
  if (endpoint !== undefined || !of.description) return sizeOf(of.metadata);
  const description = sizeOf(of.description);
  of.description = '';
  return sizeOf(of.metadata) - description;
}

function bySize(a: { size: number }, b: { size: number }): number {
  return b.size - a.size;
}

function sizeOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}
