// Names of OpenTelemetry's semantic conventions 1.45: RPC, messaging, errors. `nats` is a value of our own, and what
// begins with `natsmith` has no name there.
import type { Attributes } from '@opentelemetry/api';

export const SYSTEM = 'nats';
/** For a method whose name is not known: the convention has this word, so that no subject becomes a label. */
export const OTHER = '_OTHER';

const RPC_SYSTEM = 'rpc.system.name';
const RPC_METHOD = 'rpc.method';
/** As `rpc.response.status_code` since 1.39, and as earlier ones call it. */
const RPC_STATUS = 'rpc.response.status_code';
const RPC_STATUS_BEFORE = 'rpc.status_code';
export const ERROR_TYPE = 'error.type';

const MESSAGING_SYSTEM = 'messaging.system.name';
const MESSAGING_OPERATION = 'messaging.operation.name';
const MESSAGING_OPERATION_TYPE = 'messaging.operation.type';
const MESSAGING_DESTINATION = 'messaging.destination.name';
const MESSAGING_TEMPLATE = 'messaging.destination.template';
export const MESSAGING_GROUP = 'messaging.consumer.group.name';
export const MESSAGING_BATCH_COUNT = 'messaging.batch.message_count';

export const SERVICE = 'natsmith.service';
export const SERVICE_VERSION = 'natsmith.service.version';
export const SERVICE_ID = 'natsmith.service.id';
export const HANDLER = 'natsmith.handler';
export const KIND = 'natsmith.kind';
export const STREAM = 'natsmith.stream';
export const SEQUENCE = 'natsmith.sequence';
export const ATTEMPT = 'natsmith.attempt';
export const ATTEMPTS = 'natsmith.attempts';
export const ITEMS = 'natsmith.items';
export const SETTLEMENT = 'natsmith.settlement';

/** The bounds of the conventions, in seconds. */
export const DURATION_BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/** Of calls and endpoints. */
export function rpcAttributes(method: string): Attributes {
  return { [RPC_SYSTEM]: SYSTEM, [RPC_METHOD]: method };
}

/** Of what is published and handled. @param template undefined where it is not known */
export function messagingAttributes(operation: 'publish' | 'process', template: string | undefined): Attributes {
  return {
    [MESSAGING_SYSTEM]: SYSTEM,
    [MESSAGING_OPERATION]: operation,
    [MESSAGING_OPERATION_TYPE]: operation === 'publish' ? 'send' : operation,
    ...(template !== undefined && { [MESSAGING_DESTINATION]: template, [MESSAGING_TEMPLATE]: template }),
  };
}

/** What the status of a call says of its span. */
export function statusAttributes(code: number): Attributes {
  return { [RPC_STATUS]: String(code), [RPC_STATUS_BEFORE]: String(code) };
}

/** What an error adds to the measures of an endpoint. */
export function serverErrorLabels(code: string): Attributes {
  return { [RPC_STATUS]: code, ...((code === OTHER || isServerError(Number(code))) && { [ERROR_TYPE]: code }) };
}

/** What an error adds to the measures of calls. */
export function clientErrorLabels(type: string): Attributes {
  return { [ERROR_TYPE]: type, ...(/^\d+$/.test(type) && { [RPC_STATUS]: type }) };
}

/** What an error adds to the measures of what is published and handled. */
export function messagingErrorLabels(type: string): Attributes {
  return { [ERROR_TYPE]: type };
}

/**
 * Whether an endpoint that answers with a code has failed: as with gRPC and HTTP, what the caller did wrong, or took back,
 * is not a failure of the one who answers.
 */
export function isServerError(code: number): boolean {
  return code >= 500 || code < 400;
}

/** A word for an error, of which there are few. Whatever it is, nothing is thrown. */
export function errorType(error: unknown, code: number | undefined): string {
  if (code !== undefined) return String(code);
  try {
    const { name } = error as { name: unknown };
    return typeof name === 'string' && /^[A-Za-z_]\w{0,63}$/.test(name) ? name : OTHER;
  } catch {
    return OTHER;
  }
}

/** What an error says. Whatever it is, nothing is thrown. */
export function errorMessage(error: unknown): string {
  try {
    const { message } = error as { message: unknown };
    return typeof message === 'string' ? message : String(error);
  } catch {
    return 'an error that cannot be read';
  }
}
