import { headersIn, ReceivedHeaders } from '@natsmith/protocol';
import { call } from './call';
import type { SubjectCallOptions } from './call-options';
import type { Caller } from './caller';
import { SubjectDestination } from './destination';
import { readReply } from './reply';

/** A whole reply. */
export interface Reply<Data> {
  readonly data: Data;
  readonly headers: ReceivedHeaders;
  /** Where the request went. */
  readonly subject: string;
}

/** Calls a subject, and gives the whole reply. */
export async function request<Data>(
  caller: Caller,
  subject: string,
  payload: unknown,
  options: SubjectCallOptions,
): Promise<Reply<Data>> {
  const destination = new SubjectDestination(subject, options);
  let headers: ReceivedHeaders | undefined;
  // What middleware returns in the place of the value is the data.
  const data = await call(caller, destination, payload, options, (message, as, to) => {
    headers = headersIn(message);
    return readReply(message, as, to);
  });
  return { data: data as Data, headers: headers ?? new ReceivedHeaders(''), subject: destination.subject };
}
