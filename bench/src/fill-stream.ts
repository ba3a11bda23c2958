import type { JetStreamClient } from 'nats';

const PAYLOAD = '{"a":17,"b":25}';
/** In flight at once. */
const TOGETHER = 500;

/** With some more messages than are measured, so that no consumer runs dry before its last one. */
export async function fillStream(js: JetStreamClient, subject: string, messages: number): Promise<void> {
  for (let left = messages + 10_000; left > 0; left -= TOGETHER)
    await Promise.all(Array.from({ length: Math.min(left, TOGETHER) }, () => js.publish(subject, PAYLOAD)));
}
