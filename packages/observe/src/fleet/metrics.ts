import type { Metric } from '../exposition/metric';

// What is written of the services of a NATS system. Names and meanings are public.

export const REQUESTS: Metric = {
  name: 'nats_service_requests_total',
  type: 'counter',
  help: 'Requests and other messages that an endpoint has handled, failed ones included.',
};

export const ERRORS: Metric = {
  name: 'nats_service_errors_total',
  type: 'counter',
  help: 'Requests and other messages of an endpoint that failed.',
};

export const PROCESSING: Metric = {
  name: 'nats_service_processing_seconds_total',
  type: 'counter',
  unit: 'seconds',
  help: 'Time that an endpoint has spent on them in all.',
};

export const STARTED: Metric = {
  name: 'nats_service_started_timestamp_seconds',
  type: 'gauge',
  unit: 'seconds',
  help: 'When the instance says that it started, or was reset, in seconds since 1970.',
};

export const INSTANCES: Metric = {
  name: 'nats_service_instances',
  type: 'gauge',
  help: 'Instances of a service that answered.',
};

export const CONNECTED: Metric = {
  name: 'nats_service_exporter_connected',
  type: 'gauge',
  help: 'Whether the exporter is connected to NATS.',
};

export const UNUSABLE: Metric = {
  name: 'nats_service_unusable_replies',
  type: 'gauge',
  help: 'Replies to this look at the services that could not be used; "natsmith check" says why.',
};

export const LEFT_OUT: Metric = {
  name: 'nats_service_left_out_endpoints',
  type: 'gauge',
  help: 'Endpoints that are not shown, because there are too many.',
};
