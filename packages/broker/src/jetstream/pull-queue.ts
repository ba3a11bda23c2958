import type { Clock } from './clock';
import { statusBlock } from './headers';
import type { Post } from './post';
import { endBlock, type PullRequest } from './pull-requests';

/** The requests that wait at a pull consumer, in the order in which they are served. */
export class PullQueue {
  private requests: PullRequest[] = [];

  constructor(
    private readonly post: Post,
    private readonly clock: Clock,
  ) {}

  get length(): number {
    return this.requests.length;
  }

  /** How many messages all requests want. */
  get wanted(): number {
    return this.requests.reduce((sum, { left }) => sum + left, 0);
  }

  /** @param byPriority where a lower priority is served first */
  add(request: PullRequest, byPriority: boolean): void {
    if (!byPriority) {
      this.requests.push(request);
      return;
    }
    const at = this.requests.findIndex(({ priority }) => priority > request.priority);
    this.requests.splice(at < 0 ? this.requests.length : at, 0, request);
  }

  /**
   * The request that gets a message of this size, taken out of its place.
   * @param choose whether it may have it: `next` leaves it waiting, `end` takes it away
   */
  take(size: number, choose: (request: PullRequest) => 'take' | 'next' | 'end'): PullRequest | undefined {
    const now = this.clock.now();
    for (let i = 0; i < this.requests.length;) {
      const request = this.requests[i]!;
      if (request.expires <= now) {
        this.end(i, '408 Request Timeout');
        continue;
      }
      const choice = choose(request);
      if (choice === 'next') {
        i++;
        continue;
      }
      if (choice === 'end') {
        this.requests.splice(i, 1);
        continue;
      }
      if (request.bytes > 0 && size > request.bytes) {
        this.end(i, '409 Message Size Exceeds MaxBytes');
        continue;
      }
      this.requests.splice(i, 1);
      if (!this.post.hasInterest(request.reply)) continue;
      return request;
    }
    return undefined;
  }

  /** A request that got a message goes to the end, unless it has all that it wanted. */
  putBack(request: PullRequest, byPriority: boolean): void {
    if (request.heartbeat > 0) request.nextBeat = this.clock.now() + request.heartbeat;
    this.add(request, byPriority);
  }

  /**
   * Ends what is over, sends the heartbeats that are due, and gives the time at which this is to be done again.
   * @param isAtEnd whether there is no message left, so that requests that do not wait end
   */
  tidy(isAtEnd: boolean, beat: (reply: string) => void): number {
    const now = this.clock.now();
    let next = Infinity;
    for (let i = 0; i < this.requests.length;) {
      const request = this.requests[i]!;
      if (request.expires <= now) {
        this.end(i, '408 Request Timeout');
      } else if (isAtEnd && request.noWait && (request.expires === Infinity || request.delivered > 0)) {
        this.requests.splice(i, 1);
        this.post.send(request.reply, '', statusBlock('404 No Messages'));
      } else if (!this.post.hasInterest(request.reply)) {
        this.requests.splice(i, 1);
      } else {
        if (request.nextBeat <= now) {
          beat(request.reply);
          request.nextBeat = now + request.heartbeat;
        }
        next = Math.min(next, request.nextBeat, request.expires);
        i++;
      }
    }
    return next;
  }

  /** Ends all requests with a status. */
  endAll(status: string): void {
    for (const { reply } of this.requests.splice(0)) this.post.send(reply, '', statusBlock(status));
  }

  private end(at: number, status: string): void {
    const [request] = this.requests.splice(at, 1);
    this.post.send(request!.reply, '', endBlock(status, request!));
  }
}
