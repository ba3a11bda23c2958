import { join } from 'node:path';
import { Worker } from 'node:worker_threads';

/** What the thread is asked. */
export interface Question {
  readonly schema: string;
  readonly value: unknown;
}

/** The problems of a value by a schema, none where it is valid; or why the schema cannot be used. */
export type Verdict = { readonly problems: readonly string[] } | { readonly unusable: string };

/** Milliseconds; a normal schema takes a few. */
const MAX_TIME = 2_000;
const MAX_SCHEMA = 1_048_576;
const MAX_HEAP = 256;

/** Validates a value against a foreign JSON Schema, with limits on time and memory. Never rejects. */
export async function checkAgainst(schema: string, value: unknown): Promise<Verdict> {
  if (schema.length > MAX_SCHEMA) return { unusable: `it is larger than ${MAX_SCHEMA} characters` };
  const worker = new Worker(join(__dirname, 'schema-worker.js'), {
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP },
    execArgv: [],
    stdout: true,
    stderr: true,
  });
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<Verdict>((resolve) => {
      worker.once('message', resolve);
      worker.once('error', (error: Error) => resolve({ unusable: error.message }));
      // A thread is up late on a busy machine; the time is that of the schema.
      worker.once('online', () => {
        timer = setTimeout(() => resolve({ unusable: `it takes more than ${MAX_TIME / 1_000} s` }), MAX_TIME);
      });
      const question: Question = { schema, value };
      worker.postMessage(question);
    });
  } finally {
    clearTimeout(timer);
    void worker.terminate();
  }
}
