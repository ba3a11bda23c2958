/** What the index needs to know of a subscription. */
export interface Interest {
  readonly subject: string;
  readonly queue?: string;
}

/** The subscriptions that take one subject: each of `plain`, and one out of each of `groups`. */
export interface Match<S> {
  readonly plain: readonly S[];
  readonly groups: readonly (readonly S[])[];
}

/** One token of subjects. Most nodes have one collection: a million subscriptions are to fit into the memory. */
class Node<S> {
  literals: Map<string, Node<S>> | undefined = undefined;
  star: Node<S> | undefined = undefined;
  rest: Node<S> | undefined = undefined;
  plain: Set<S> | undefined = undefined;
  groups: Map<string, Set<S>> | undefined = undefined;

  get isEmpty(): boolean {
    return !(this.plain?.size || this.groups?.size || this.literals?.size || this.star || this.rest);
  }

  child(token: string): Node<S> | undefined {
    if (token === '*') return this.star;
    return token === '>' ? this.rest : this.literals?.get(token);
  }

  set(token: string, child: Node<S> | undefined): void {
    if (token === '*') this.star = child;
    else if (token === '>') this.rest = child;
    else if (child) (this.literals ??= new Map()).set(token, child);
    else this.literals?.delete(token);
  }
}

// Counts subjects and the subscriptions found for them, so that wide fan-outs cannot fill the memory. Most subjects that
// fill it are inboxes, used once, so it is emptied when it is full.
const MAX_CACHED = 65_536;
const NOTHING: Match<never> = { plain: [], groups: [] };

/** All subscriptions by subject: a tree of tokens, in front of it the results of recent look-ups. */
export class SubscriptionIndex<S extends Interest> {
  private readonly root = new Node<S>();
  private readonly cache = new Map<string, Match<S>>();
  private cached = 0;

  /** Adds a subscription; its subject must be valid. */
  add(subscription: S): void {
    let node = this.root;
    for (const token of subscription.subject.split('.')) {
      let child = node.child(token);
      if (!child) node.set(token, (child = new Node()));
      node = child;
    }
    const { queue } = subscription;
    if (queue === undefined) (node.plain ??= new Set()).add(subscription);
    else if (node.groups?.has(queue)) node.groups.get(queue)?.add(subscription);
    else (node.groups ??= new Map()).set(queue, new Set([subscription]));
    this.forget();
  }

  /** Removes a subscription and the branches that it leaves empty. */
  delete(subscription: S): void {
    const path: [Node<S>, string][] = [];
    let node = this.root;
    for (const token of subscription.subject.split('.')) {
      const child = node.child(token);
      if (!child) return;
      path.push([node, token]);
      node = child;
    }
    const { queue } = subscription;
    if (queue === undefined) {
      node.plain?.delete(subscription);
    } else {
      const group = node.groups?.get(queue);
      group?.delete(subscription);
      if (group?.size === 0) node.groups?.delete(queue);
    }
    for (const [parent, token] of path.reverse()) {
      if (!parent.child(token)?.isEmpty) break;
      parent.set(token, undefined);
    }
    this.forget();
  }

  /** The subscriptions that take a message on this subject; later changes do not alter the result. */
  match(subject: string): Match<S> {
    const known = this.cache.get(subject);
    if (known) return known;
    const found = this.search(subject);
    this.cached += found.groups.reduce((sum, group) => sum + group.length, 1 + found.plain.length);
    if (this.cached > MAX_CACHED) this.forget();
    this.cache.set(subject, found);
    return found;
  }

  private forget(): void {
    // Emptying a Map costs as much as making one.
    if (this.cached === 0) return;
    this.cache.clear();
    this.cached = 0;
  }

  private search(subject: string): Match<S> {
    const tokens = subject.split('.');
    if (tokens.includes('')) return NOTHING;
    const plain: S[] = [];
    const groups = new Map<string, S[]>();
    const take = (node: Node<S>): void => {
      for (const subscription of node.plain ?? []) plain.push(subscription);
      for (const [queue, members] of node.groups ?? []) {
        // Members of one group that subscribe with different patterns share the work.
        const all = groups.get(queue);
        if (all === undefined) groups.set(queue, [...members]);
        else for (const member of members) all.push(member);
      }
    };
    const walk = (node: Node<S>, depth: number): void => {
      const token = tokens[depth];
      if (token === undefined) return take(node);
      if (node.rest) take(node.rest);
      if (node.star) walk(node.star, depth + 1);
      const child = node.literals?.get(token);
      if (child) walk(child, depth + 1);
    };
    walk(this.root, 0);
    return plain.length || groups.size ? { plain, groups: [...groups.values()] } : NOTHING;
  }
}
