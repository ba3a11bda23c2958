/** What a refusal says on the wire. */
export interface ErrorBody {
  readonly code: number;
  readonly err_code: number;
  readonly description: string;
}

/** A request that JetStream refuses, with nats-server's codes. */
export class ApiError extends Error {
  readonly body: ErrorBody;

  constructor(code: number, errorCode: number, description: string) {
    super(description);
    this.name = 'ApiError';
    this.body = { code, err_code: errorCode, description };
  }
}

const bad = (errorCode: number, description: string) => (): ApiError => new ApiError(400, errorCode, description);

/** The refusals by what they are about; each makes a new error. */
export const refusals = {
  accountStreams: bad(10027, 'maximum number of streams reached'),
  badRequest: bad(10003, 'bad request'),
  clusterRequired: () => new ApiError(503, 10010, 'JetStream clustering support required'),
  consumerExists: bad(10148, 'consumer already exists'),
  consumerMissing: bad(10149, 'consumer does not exist'),
  consumerNameInUse: bad(10013, 'consumer name already in use'),
  consumerNotFound: () => new ApiError(404, 10014, 'consumer not found'),
  consumerPolicy: (text: string) => new ApiError(400, 10094, text),
  consumerCreate: (text: string) => new ApiError(500, 10012, text),
  insufficientResources: () => new ApiError(503, 10023, 'insufficient resources'),
  invalidConfig: (text: string) => new ApiError(500, 10052, text),
  invalidJson: (text: string) => new ApiError(400, 10025, `invalid JSON: ${text}`),
  maximumConsumers: bad(10026, 'maximum consumers limit reached'),
  messageNotFound: () => new ApiError(404, 10037, 'no message found'),
  notEmpty: bad(10038, 'expected an empty request payload'),
  requiredLevel: () => new ApiError(412, 10185, 'JetStream minimum api level required'),
  sequenceNotFound: (sequence: number) => new ApiError(400, 10043, `sequence ${sequence} not found`),
  storeFailed: (text: string) => new ApiError(503, 10077, text),
  streamMismatch: bad(10056, 'stream name in subject does not match request'),
  streamNameInUse: bad(10058, 'stream name already in use with a different configuration'),
  streamPurgeDenied: () => new ApiError(500, 10110, 'stream purge not permitted'),
  streamNotFound: () => new ApiError(404, 10059, 'stream not found'),
  subjectOverlap: bad(10065, 'subjects overlap with an existing stream'),
} as const;
