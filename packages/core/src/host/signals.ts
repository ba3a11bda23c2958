const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

const listeners = new Set<(signal: NodeJS.Signals) => void>();
const tellAll: NodeJS.SignalsListener = (signal) => {
  for (const listener of [...listeners]) listener(signal);
};

/**
 * Listens to SIGINT and SIGTERM; gives the way to end that. All hosts share one listener of the process, because Node
 * takes more than ten for a leak.
 */
export function onSignals(listener: (signal: NodeJS.Signals) => void): () => void {
  if (listeners.size === 0) for (const signal of SIGNALS) process.on(signal, tellAll);
  listeners.add(listener);
  return () => {
    if (listeners.delete(listener) && listeners.size === 0) for (const signal of SIGNALS) process.off(signal, tellAll);
  };
}
