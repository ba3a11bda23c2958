import Table from 'cli-table3';
import type { NatsConnection } from 'nats';

/** One request of the tour, and the reply that belongs to it. */
interface Call {
  readonly subject: string;
  readonly payload: string;
  /** The reply's body, or the start of it. */
  readonly body: string;
  /** `<code> <description>`; left out for a success. */
  readonly error?: string;
}

const CALLS: readonly Call[] = [
  { subject: 'math.add', payload: '{"a":1,"b":2}', body: '3' },
  { subject: 'math.divide', payload: '{"a":1,"b":8}', body: '0.125' },
  { subject: 'math.divide', payload: '{"a":1,"b":0}', error: '400 division by zero', body: '{"a":1}' },
  { subject: 'math.add', payload: '{"a":"one"}', error: '400 validation failed', body: '[{"path":"a"' },
  { subject: 'math.add', payload: 'one and two', error: '400 body is not valid JSON', body: '' },
];

/** Makes each call and prints its reply; resolves to the number of calls that were not answered as they should be. */
export async function makeCalls(connection: NatsConnection): Promise<number> {
  const table = new Table({
    head: ['request', 'reply'],
    colWidths: [30, 47],
    wordWrap: true,
    style: { head: [], border: [] },
  });
  let wrong = 0;
  for (const call of CALLS) {
    const { error, body } = await ask(connection, call);
    const isExpected = error === call.error && body.startsWith(call.body);
    if (!isExpected) wrong++;
    const lines = [error && `error ${error}`, readable(body), isExpected ? '' : 'This is not the reply it should be.'];
    table.push([`${call.subject}\n${call.payload}`, lines.filter(Boolean).join('\n')]);
  }
  console.log(table.toString());
  return wrong;
}

async function ask(connection: NatsConnection, { subject, payload }: Call): Promise<{ error?: string; body: string }> {
  try {
    const reply = await connection.request(subject, payload, { timeout: 2000 });
    const code = reply.headers?.get('Nats-Service-Error-Code');
    return { body: reply.string(), ...(code && { error: `${code} ${reply.headers?.get('Nats-Service-Error')}` }) };
  } catch (cause) {
    return { body: '', error: `no reply (${(cause as Error).message})` };
  }
}

/** Each violation on a line of its own, so that the table breaks the list where people would. */
function readable(body: string): string {
  return body.replaceAll('},{', '},\n{');
}
