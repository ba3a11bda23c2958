/** The operations a client can send. */
export type Verb = 'CONNECT' | 'PUB' | 'HPUB' | 'SUB' | 'UNSUB' | 'PING' | 'PONG' | '+OK' | '-ERR' | 'INFO';

/** What follows a verb: arguments after a blank, arguments after an optional blank, or nothing of interest. */
export type After = 'separator' | 'gap' | 'ignored';

/** One byte of a verb: the bytes that may come next, and at the last one the verb itself. */
export interface VerbNode {
  readonly next: Map<number, VerbNode>;
  end?: { verb: Verb; after: After };
}

const AFTER: Record<Verb, After> = {
  CONNECT: 'gap',
  INFO: 'gap',
  PUB: 'separator',
  HPUB: 'separator',
  SUB: 'separator',
  UNSUB: 'separator',
  '-ERR': 'separator',
  PING: 'ignored',
  PONG: 'ignored',
  '+OK': 'ignored',
};

/** All verbs as a tree of bytes, upper and lower case, so that a wrong verb is known at its first wrong byte. */
export const VERBS: VerbNode = { next: new Map() };

for (const [verb, after] of Object.entries(AFTER) as [Verb, After][]) {
  let node = VERBS;
  for (const letter of verb) {
    const upper = letter.charCodeAt(0);
    const child = node.next.get(upper) ?? { next: new Map<number, VerbNode>() };
    node.next.set(upper, child);
    node.next.set(letter.toLowerCase().charCodeAt(0), child);
    node = child;
  }
  node.end = { verb, after };
}
