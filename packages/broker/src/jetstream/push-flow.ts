import { randomBytes } from 'node:crypto';
import { statusBlock } from './headers';
import type { Post } from './post';
import { toBytes } from './subject-filter';

const MAX_WINDOW = 32 * 1024 * 1024;

/** How much a push consumer with flow control may send before its reader answers. */
export class PushFlow {
  private window = MAX_WINDOW / 16;
  private sent = 0;
  private asked = 0;
  private question: string | undefined;

  constructor(
    private readonly post: Post,
    private readonly stream: string,
    private readonly consumer: string,
  ) {}

  /** The subject on which the reader has to answer before more is sent; undefined while it need not. */
  get stalledOn(): string | undefined {
    return this.sent > this.window ? this.question : undefined;
  }

  /** The question that is open. */
  get open(): string | undefined {
    return this.question;
  }

  count(to: string, size: number): void {
    this.sent += size;
    if (this.question !== undefined || this.sent <= this.window / 2) return;
    this.question = toBytes(`$JS.FC.${this.stream}.${this.consumer}.${randomBytes(4).toString('hex')}`);
    this.asked = this.sent;
    this.post.send(to, '', statusBlock('100 FlowControl Request'), this.question);
  }

  /** The reader answered. Gives whether it was the question that is open. */
  answer(subject: string): boolean {
    if (subject !== this.question) return false;
    this.window = Math.min(this.window * 2, MAX_WINDOW);
    this.sent = Math.max(0, this.sent - this.asked);
    this.question = undefined;
    return true;
  }
}
