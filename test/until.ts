import { setTimeout as delay } from 'node:timers/promises';

/** ms; only what never comes to pass takes so long. */
const PATIENCE = 30_000;

/** Resolves when the condition holds, however busy the machine is. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + PATIENCE;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not true in time: ${condition.toString()}`);
    await delay(5);
  }
}
