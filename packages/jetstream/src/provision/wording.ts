import { failureIn } from './management-error';
import { ProvisionError } from './provision-error';
import type { StreamDifference } from './difference';
import type { WantedStream } from './wanted-stream';

export function missing(stream: WantedStream): StreamDifference {
  return {
    stream: stream.name,
    field: 'stream',
    wanted: stream.subjects.join(', '),
    found: 'does not exist',
    kind: 'create',
  };
}

/** Without what takes it away. */
export function plain({ stream, field, wanted, found, kind }: StreamDifference): StreamDifference {
  return { stream, field, wanted, found, kind };
}

const WAYS_OUT: Readonly<Record<string, string>> = {
  create: 'let a service or "natsmith streams ensure" create it',
  update: 'let a service or "natsmith streams ensure" update it, or change the contract',
  shrink: '"natsmith streams ensure --prune" shrinks it, which may delete messages; or change the contract',
  fixed:
    'the server cannot change that in place: copy the stream to one of another name, as with "nats stream add --source", ' +
    'or delete it; or change the contract',
};

/** By its name on the server. */
export function titleOf(stream: string): string {
  return stream.startsWith(BUCKET) ? `bucket "${stream.slice(BUCKET.length)}"` : `stream "${stream}"`;
}

export function consumerTitle(stream: string, durable: string): string {
  return `consumer "${durable}" of stream "${stream}"`;
}

const BUCKET = 'KV_';

export function sentence({ stream, field, wanted, found, kind }: StreamDifference): string {
  const title = titleOf(stream);
  return kind === 'create'
    ? `${title} does not exist`
    : `${title}: ${field} is ${found}, and the contract says ${wanted}`;
}

export function refused(differences: readonly StreamDifference[], remark = ''): ProvisionError {
  const problems = differences.map((one) => `${sentence(one)}${remark}; ${WAYS_OUT[one.kind] ?? ''}`);
  return new ProvisionError(problems, differences.map(plain));
}

/** @param noun of what a user without the right to ask for it takes as it is; @param words the subject */
export function notChecked(noun: string, words: string): string {
  return `${noun} not checked: this user may not ask for it (${words}); grant that, or start with { provision: 'off' }`;
}

/**
 * @param title of what has failed: `stream "ORDERS"`
 * @param others streams that are in the way
 */
export function explained(title: string, error: unknown, what: string, others = ''): ProvisionError {
  const { kind, words, code } = failureIn(error);
  const problem = `${title} cannot be ${what}: `;
  const why = {
    forbidden: `this user may not publish to ${words}; grant that, let another user run "natsmith streams ensure", or start with { provision: 'off' }`,
    disabled: 'this server, or this account, has no JetStream; enable it ("nats-server -js")',
    missing: words,
    refused: `${words}${others} (${code})`,
    unanswered: `${words}; is JetStream enabled, and does its cluster have a leader?`,
  }[kind];
  return new ProvisionError([problem + why], [], { cause: error });
}
