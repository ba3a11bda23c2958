export { eventStream, type EventStream, type EventStreamOptions } from './contract/event-stream';
