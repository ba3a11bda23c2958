import {
  ConnectionEvents,
  printable,
  subjectCovers,
  subjectProblem,
  subjectsOverlap,
  textOf,
} from '@natsmith/protocol';
import type { Logger } from '../define/logger';
import type { Connection } from '../nats/connection';
import type { HandlerPlan } from '../plan/handler-plan';
import type { ServicePlan } from '../plan/plan';
import type { Outlet } from '../reply/outlet';

/** Milliseconds that JetStream has to answer. */
const WAIT = 500;
/** Bytes of an answer, and streams in it, that are read. */
const MAX_BYTES = 8 * 1024 * 1024;
const MAX_STREAMS = 1_000;
const MAX_COMPARISONS = 500_000;
const LIST = '$JS.API.STREAM.LIST';
const SKIPPED = 'not checked whether streams capture the subjects of endpoints';

/** A stream that stores what is sent to its subjects, and answers the sender. */
interface Capturing {
  readonly name: string;
  readonly subjects: readonly string[];
}

/**
 * Asks once which streams store the subjects of endpoints: such a stream answers each request with its acknowledgement,
 * and the service's reply comes too late. Skipped where there is no JetStream, or no right to ask.
 * @throws Error when a stream takes every request of an endpoint
 */
export async function refuseCaptured(
  services: readonly ServicePlan[],
  connection: Connection,
  outlet: Outlet,
  logger: Logger,
): Promise<void> {
  const endpoints = services.flatMap(({ name: service, handlers }) =>
    handlers.flatMap(({ plan }) => (plan.kind === 'endpoint' ? [{ service, plan }] : [])),
  );
  if (endpoints.length === 0) return;
  const streams = await capturing(commonSubject(endpoints.map(({ plan }) => plan)), connection, outlet, logger);
  const captured: string[] = [];
  let comparisons = 0;
  for (const stream of streams)
    for (const { service, plan: endpoint } of endpoints) {
      if ((comparisons += stream.subjects.length) > MAX_COMPARISONS) return;
      const whole = stream.subjects.find((one) => subjectCovers(one, endpoint.subject));
      const part = whole ?? stream.subjects.find((one) => subjectsOverlap(one, endpoint.subject));
      if (part === undefined) continue;
      const problem =
        `stream "${stream.name}" stores ${part}, and answers requests on ${endpoint.subject} with its ` +
        'acknowledgement before the service does; give the endpoint or the stream other subjects';
      if (whole !== undefined) captured.push(`${endpoint.where}: ${problem}`);
      else logger.warn({ service, handler: endpoint.name, subject: endpoint.subject, stream: stream.name }, problem);
    }
  if (captured.length > 0) throw new Error(captured.join('\n'));
}

/** One subject that all of them are under, so that one question is enough. */
function commonSubject(endpoints: readonly HandlerPlan[]): string {
  const [first = [], ...others] = endpoints.map(({ subject }) => subject.split('.'));
  if (others.length === 0) return first.join('.');
  const differs = first.findIndex((token, i) => token === '>' || others.some((other) => other[i] !== token));
  const common = differs === -1 ? first.slice(0, -1) : first.slice(0, differs);
  return [...common, '>'].join('.');
}

function capturing(
  subject: string,
  connection: Connection,
  outlet: Outlet,
  logger: Logger,
): Promise<readonly Capturing[]> {
  return new Promise((resolve) => {
    let leave = (): void => undefined;
    const end = (streams: readonly Capturing[], why?: string): void => {
      clearTimeout(timer);
      leave();
      stopListening();
      if (why !== undefined) logger.debug({ subject }, `${SKIPPED}: ${why}`);
      resolve(streams);
    };
    const timer = setTimeout(() => end([], `no answer within ${WAIT} ms`), WAIT);
    const inbox = outlet.newInbox();
    const stopListening = ConnectionEvents.of(connection).listen((event) => {
      if (event.type === 'violation' && [LIST, inbox].includes(event.subject)) end([], 'no right to ask');
    });
    try {
      leave = outlet.listen(
        inbox,
        ({ data }) => (data.length === 0 ? end([], 'no JetStream') : end(streamsIn(data))),
        () => end([], 'no right to ask'),
      );
      outlet.publish(LIST, JSON.stringify({ subject }), undefined, inbox);
    } catch (error) {
      end([], String(error));
    }
  });
}

/** The streams of an answer that acknowledge; whatever it holds, nothing is thrown. */
function streamsIn(data: Uint8Array): Capturing[] {
  if (data.length > MAX_BYTES) return [];
  try {
    const { streams } = JSON.parse(textOf(data)) as { streams?: unknown };
    return (Array.isArray(streams) ? streams.slice(0, MAX_STREAMS) : []).flatMap((stream: unknown) => {
      const { name, subjects, no_ack: isSilent } = (stream as { config?: Record<string, unknown> }).config ?? {};
      if (typeof name !== 'string' || !Array.isArray(subjects) || isSilent === true) return [];
      const valid = subjects.filter((one) => subjectProblem(one, 'all', 'plain') === undefined) as string[];
      return [{ name: printable(name, 255), subjects: valid }];
    });
  } catch {
    return [];
  }
}
