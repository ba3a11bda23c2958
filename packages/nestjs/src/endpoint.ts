import { Endpoint, Use, type EndpointOptions, type PayloadType } from '@natsmith/core';
import { nestCodec, nestReplies } from './envelope';
import { nestSubject, type NestPattern } from './pattern';

/** What `@NestEndpoint` takes besides the pattern. */
export type NestEndpointOptions<Request extends PayloadType, Response extends PayloadType> = Omit<
  EndpointOptions<Request, Response>,
  'subject' | 'codec'
>;

/**
 * Makes a method an endpoint that Nest's clients reach by its pattern, as they reach `@MessagePattern` of Nest, and all
 * others by its subject, with plain JSON. Prefixes of `@Group` stand before the pattern.
 * @throws TypeError for a pattern that has no subject
 */
export function NestEndpoint<Request extends PayloadType = 'unchecked', Response extends PayloadType = 'unchecked'>(
  pattern: NestPattern,
  options: NestEndpointOptions<Request, Response> = {},
): ReturnType<typeof Endpoint<Request, Response>> {
  const endpoint = Endpoint<Request, Response>({ ...options, subject: nestSubject(pattern), codec: nestCodec });
  const replies = Use(nestReplies);
  return (...args) => {
    (replies as (...args: unknown[]) => void)(...args);
    endpoint(...args);
  };
}
