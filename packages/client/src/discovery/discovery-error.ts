import { markReceived, type ReplyProblem } from '@natsmith/protocol';

const SHOWN = 5;

/** The only answer that was asked for cannot be used. */
export class DiscoveryError extends Error {
  override readonly name = 'DiscoveryError';

  constructor(readonly problems: readonly ReplyProblem[]) {
    const reasons = problems.slice(0, SHOWN).map(({ reason }) => reason);
    const more = problems.length - reasons.length;
    super(more > 0 ? `${reasons.join('; ')}; and ${more} more` : reasons.join('; '));
    markReceived(this);
  }
}
