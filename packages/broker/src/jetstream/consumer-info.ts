import type { Consumer } from './consumer';
import type { ConsumerConfig } from './consumer-config';
import { withServerLevel } from './level';
import { formatTime, NO_TIME } from './time-format';

// What nats-server sends even where it is empty.
const ALWAYS = new Set(['deliver_policy', 'ack_policy', 'replay_policy', 'num_replicas', 'metadata']);

/** A consumer as nats-server shows it. */
export function consumerInfo(consumer: Consumer, tellsServer: boolean): object {
  const { config, deliveries, clock, priority } = consumer;
  const now = clock.now();
  const last = (time: number | undefined): object => (time === undefined ? {} : { last_active: formatTime(time) });
  return {
    stream_name: consumer.stream.config.name,
    name: consumer.name,
    created: formatTime(consumer.created),
    config: configInfo(config, tellsServer),
    delivered: {
      consumer_seq: deliveries.delivered.consumer,
      stream_seq: deliveries.delivered.stream,
      ...last(consumer.lastDelivered),
    },
    ack_floor: {
      consumer_seq: deliveries.floor.consumer,
      stream_seq: deliveries.floor.stream,
      ...last(consumer.lastAcknowledged),
    },
    num_ack_pending: deliveries.pending.size,
    num_redelivered: config.max_deliver === 1 ? 0 : deliveries.repeats.size,
    num_waiting: consumer.waiting,
    num_pending: consumer.unseen,
    ...(consumer.isBound ? { push_bound: true } : {}),
    ...(consumer.isPaused ? { paused: true, pause_remaining: Math.round((config.pause_until! - now) * 1e6) } : {}),
    ts: formatTime(now),
    ...((config.priority_groups?.length ?? 0) > 0
      ? {
          priority_groups: [
            {
              group: config.priority_groups![0],
              ...(priority.pinId === '' ? {} : { pinned_client_id: priority.pinId }),
              pinned_ts: priority.pinnedSince === undefined ? NO_TIME : formatTime(priority.pinnedSince),
            },
          ],
        }
      : {}),
  };
}

function configInfo(config: ConsumerConfig, tellsServer: boolean): object {
  const told: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(config)) if (value || ALWAYS.has(name)) told[name] = value;
  for (const name of ['opt_start_time', 'pause_until'] as const) {
    if (config[name] !== undefined) told[name] = formatTime(config[name]);
  }
  told.metadata = tellsServer ? withServerLevel(config.metadata) : config.metadata;
  return told;
}
