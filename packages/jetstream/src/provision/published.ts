import type { PreparePublished } from '@natsmith/core';
import { declaredStreams } from '../contract/event-stream';
import { provisionStreams } from './provision-streams';

/** Sees to the streams of events that services publish: those that were declared with them. */
export const preparePublished: PreparePublished = async (events, { connection, provision, logger }) => {
  const streams = declaredStreams().filter((stream) => stream.events.some((event) => events.includes(event)));
  await provisionStreams(streams, { connection, provision, logger });
};
