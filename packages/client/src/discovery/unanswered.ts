import type { ReplyProblem } from '@natsmith/protocol';
import type { Discovery } from './discovery';
import type { GatheredArray } from './replies';

/** Instances that are asked whether they run. */
const MAX_ASKED = 250;
/** Milliseconds: whoever runs answers PING at once. */
const PATIENCE = 1_000;

/**
 * Instances that run and have not answered, each as a problem: INFO names them, and an answer of theirs is missing.
 * @param ids those that INFO named; some may have ended since
 */
export async function unanswered(
  replies: GatheredArray<{ readonly instance?: string }>,
  ids: readonly string[],
  discovery: Discovery,
  { service, endpoint }: { readonly service: string; readonly endpoint: string },
): Promise<ReplyProblem[]> {
  const heard = new Set(replies.map(({ instance }) => instance));
  const missing = ids.filter((id) => !heard.has(id));
  // An answer that does not say whose it is may be of any of them.
  const unnamed = replies.filter(({ instance }) => instance === undefined).length + replies.problems.length;
  if (missing.length <= unnamed) return [];
  const running = await stillRunning(missing.slice(0, MAX_ASKED), discovery, service);
  const silent = running.length - unnamed;
  if (silent <= 0) return [];
  const advice =
    replies.length > 1
      ? ''
      : '; if the service is in another account, that has to export the subject with "response_type: stream"';
  if (unnamed > 0)
    return [{ reason: `${silent} of ${ids.length} instances of "${service}" did not answer "${endpoint}"${advice}` }];
  return running.map((id) => ({
    from: { name: service, id },
    reason: `service "${service}" (id ${id}) runs and did not answer "${endpoint}"${advice}`,
  }));
}

async function stillRunning(ids: readonly string[], discovery: Discovery, service: string): Promise<string[]> {
  const answers = await Promise.all(
    ids.map(async (id) => {
      try {
        return (await discovery.ask('PING', service, id, { timeout: PATIENCE })).length > 0;
      } catch {
        // Whatever it says, it is not known to run.
        return false;
      }
    }),
  );
  return ids.filter((_, i) => answers[i]);
}
