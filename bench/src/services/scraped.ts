import { spawn } from 'node:child_process';
import type { NatsServiceHost } from '@natsmith/core';
import { observe } from '@natsmith/observe';

/** Asks once a second, as a Prometheus would that is in a hurry; ends with the process that started it. */
const SCRAPE = `
  const headers = { accept: 'application/openmetrics-text;version=1.0.0' };
  setInterval(() => fetch(process.argv[1], { headers }).then((page) => page.text()).catch(() => undefined), 1000);
  process.stdin.resume().on('end', () => process.exit());
`;

/** Observes a host, and has it scraped by a process of its own, whose work is not the service's. */
export async function observeScraped(host: NatsServiceHost): Promise<void> {
  const { url } = await observe(host, { port: 0 });
  spawn(process.execPath, ['-e', SCRAPE, `${url}/metrics`], { stdio: ['pipe', 'ignore', 'ignore'] });
}
