import type { ObservedHost } from './observed';

const MAX_SHOWN = 20;

/** Why a host should get no work at present; empty where it should: connected, all handlers taking messages, not stopping. */
export function reasonsNotReady({ status, services }: ObservedHost): string[] {
  if (status === 'disconnected') return ['the connection to NATS is away'];
  if (status !== 'running') return [`the host is ${status}`];
  const idle = services.flatMap(({ name, handlers }) =>
    handlers
      .filter(({ isTaking }) => !isTaking)
      .map((handler) => `${handler.kind} ${handler.name} of ${name} takes no messages`),
  );
  return idle.length <= MAX_SHOWN ? idle : [...idle.slice(0, MAX_SHOWN), `and ${idle.length - MAX_SHOWN} more`];
}
