import type { Preparation } from '@natsmith/core';
import { nameProblem, printable } from '@natsmith/protocol';
import type { ConsumerInfo } from '@nats-io/jetstream';
import { managerOf } from '../nats/manager';
import { Schedules } from '../schedule/schedule-stream';
import { HANDLER, SERVICE } from './consumer-config';
import type { ConsumerPlan } from './consumer-plan';

/** Of one stream; nobody reads more warnings. */
const MOST = 1_000;

/**
 * Warns of the durables that natsmith has made for handlers which no class has any more: messages wait for them for ever,
 * and where a handler was renamed, its new durable reads the stream again.
 * @param created those of the plans that were not there before
 */
export async function warnOfOrphans(
  plans: readonly ConsumerPlan[],
  created: ReadonlySet<ConsumerPlan>,
  { connection, logger, services }: Preparation,
): Promise<void> {
  const { consumers } = await managerOf(connection);
  for (const stream of new Set(plans.map((plan) => plan.stream.name))) {
    // Of schedules without a class there is a warning already.
    if (stream === Schedules.name) continue;
    const known = new Set(plans.filter((plan) => plan.stream.name === stream).map(({ durable }) => durable));
    const anew = [...created].find((plan) => plan.stream.name === stream && plan.from === 'all');
    let seen = 0;
    try {
      for await (const info of consumers.list(stream)) {
        if (++seen > MOST) break;
        // Those of watches go by themselves.
        if (info.config.durable_name === undefined) continue;
        const service = info.config.metadata?.[SERVICE];
        if (service === undefined || !services.includes(service) || known.has(info.name)) continue;
        // The warning has the name in a command for a shell.
        if (nameProblem(info.name) !== undefined) continue;
        logger.warn({ stream, consumer: info.name, service }, warning(info, stream, anew));
      }
    } catch (err) {
      logger.debug({ stream, err }, 'consumers not listed: those of handlers that are gone are not reported');
    }
  }
}

function warning(
  { name: durable, num_pending, config }: ConsumerInfo,
  stream: string,
  anew: ConsumerPlan | undefined,
): string {
  const handler = printable(config.metadata?.[HANDLER] ?? '', 255);
  const replay = anew === undefined ? '' : `, and "${anew.durable}", which is new, reads the stream from its beginning`;
  return (
    `no class has the handler "${handler}" any more that this consumer was made for: ${num_pending} messages wait for it${replay}; ` +
    `if it was renamed, keep its place with { durable: "${durable}" }; if not, "nats consumer rm ${stream} ${durable}" removes it, ` +
    'and "natsmith streams ensure --prune" all such consumers of a program'
  );
}
