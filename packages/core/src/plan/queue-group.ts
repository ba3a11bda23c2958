/** The queue group of services that name none (ADR-32, Queue groups). */
export const DEFAULT_QUEUE_GROUP = 'q';

/**
 * The nearest setting wins (ADR-32, Queue groups). `""` is the plain subscription, which `false` asks for too.
 * @param settings from the service inwards to the endpoint
 */
export function effectiveQueueGroup(settings: readonly (string | false | undefined)[]): string {
  const nearest = settings.findLast((setting) => setting !== undefined);
  return nearest === undefined ? DEFAULT_QUEUE_GROUP : nearest || '';
}
