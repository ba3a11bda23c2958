/** One PUB or HPUB. Subjects are byte strings (latin1), so that any bytes survive the way through the broker. */
export interface Publication {
  readonly subject: string;
  readonly reply: string | undefined;
  /** Bytes of headers at the start of the frame; 0 for PUB. */
  readonly headerSize: number;
  /** Headers, payload and the closing CRLF. */
  readonly frame: Buffer;
}

/** What a client can ask for. Whatever a method throws ends the connection. */
export interface Operations {
  connect(json: string): void;
  publish(publication: Publication): void;
  subscribe(subject: string, queue: string | undefined, sid: string): void;
  /** `max` is -1 when the client gave none, or nonsense. */
  unsubscribe(sid: string, max: number): void;
  ping(): void;
  pong(): void;
}

/** The client broke the protocol and its connection has to end: `reply` is the text of the -ERR, if it gets one. */
export class ProtocolError extends Error {
  constructor(
    message: string,
    readonly reply?: string,
  ) {
    super(message);
    this.name = 'ProtocolError';
  }
}

/** The bytes are not an operation. */
export function unknownOperation(bytes: Buffer, at: number): ProtocolError {
  const snippet = JSON.stringify(bytes.toString('latin1', at, at + 32));
  return new ProtocolError(`unknown operation at ${snippet}`, 'Unknown Protocol Operation');
}
