import type { Metric } from '../exposition/metric';

// What is written of a host. Names and meanings are public: dashboards and alerts stand on them.

export const DURATION: Metric = {
  name: 'natsmith_message_duration_seconds',
  type: 'histogram',
  unit: 'seconds',
  help: 'Time from when a message was begun until its outcome was settled: replied, acknowledged, a stream to its last item.',
};

export const ERRORS: Metric = {
  name: 'natsmith_message_errors_total',
  type: 'counter',
  help: 'Messages that failed, by the code of their error.',
};

export const IN_FLIGHT: Metric = {
  name: 'natsmith_messages_in_flight',
  type: 'gauge',
  help: 'Messages that are being handled now.',
};

export const WAITING: Metric = {
  name: 'natsmith_messages_waiting',
  type: 'gauge',
  help: 'Messages that wait for a place under the concurrency of their handler or service now.',
};

export const SHED: Metric = {
  name: 'natsmith_messages_shed_total',
  type: 'counter',
  help: 'Messages that were turned away because concurrency and maxPending were used up.',
};

export const TAKING: Metric = {
  name: 'natsmith_handler_taking',
  type: 'gauge',
  together: 'least',
  help: 'Whether the handler takes messages: 1 where it is subscribed, or its consumer is bound, else 0.',
};

/** What kinds of other packages count, by its name in `measures.counts`. */
export const COUNTS: ReadonlyMap<string, Metric> = new Map<string, Metric>([
  [
    'retries',
    {
      name: 'natsmith_message_retries_total',
      type: 'counter',
      help: 'Runs of consumed messages that failed, after which the message was to come again.',
    },
  ],
  [
    'deadLetters',
    {
      name: 'natsmith_dead_letters_total',
      type: 'counter',
      help: 'Messages that were buried: not handled, and kept as dead letters where the consumer has a stream for them.',
    },
  ],
]);

/** What kinds of other packages measure, by its name in `gauges`. */
export const GAUGES: ReadonlyMap<string, Metric> = new Map<string, Metric>([
  [
    'lag',
    {
      name: 'natsmith_consumer_lag_messages',
      type: 'gauge',
      help: 'Messages of the stream that the consumer has not been given yet; of all instances together, so take the maximum of them.',
    },
  ],
  [
    'unacknowledged',
    {
      name: 'natsmith_consumer_unacknowledged_messages',
      type: 'gauge',
      help: 'Messages that the consumer has been given and that are not settled; of all instances together, so take the maximum of them.',
    },
  ],
]);

export const CONNECTED: Metric = {
  name: 'natsmith_connection_up',
  type: 'gauge',
  help: 'Whether the host is connected to NATS: 1, or 0 while natsmith tries to get the connection back.',
};

export const DISCONNECTS: Metric = {
  name: 'natsmith_connection_disconnects_total',
  type: 'counter',
  help: 'How often the connection to NATS was lost.',
};

export const SLOW_CONSUMER: Metric = {
  name: 'natsmith_connection_slow_consumer_total',
  type: 'counter',
  help: 'How often messages came faster than the process took them.',
};

export const RECEIVED_BYTES: Metric = {
  name: 'natsmith_connection_received_bytes_total',
  type: 'counter',
  unit: 'bytes',
  help: 'Bytes of messages that came over the connection.',
};

export const SENT_BYTES: Metric = {
  name: 'natsmith_connection_sent_bytes_total',
  type: 'counter',
  unit: 'bytes',
  help: 'Bytes of messages that went out over the connection.',
};
