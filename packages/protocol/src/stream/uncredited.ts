/** What may be sent to a reader before it has granted anything: the request may have named somebody else's inbox. */
export interface Uncredited {
  readonly items: number;
  readonly bytes: number;
}

const ITEMS = 1_000;
const BYTES = 8 * 1024 * 1024;

/** The bounds for a number of items; as many bytes to the item as by default, and not less than 8 MiB in all. */
export function uncreditedFor(items = ITEMS): Uncredited {
  return { items, bytes: Math.max(BYTES, (BYTES / ITEMS) * items) };
}
