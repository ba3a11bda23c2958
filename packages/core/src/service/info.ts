import {
  CHUNK_CREDIT,
  CHUNKS_HEADER,
  headerBlock,
  REPLY_TYPES,
  type InfoResponse,
  type ServiceIdentity,
} from '@natsmith/protocol';
import type { Logger } from '../define/logger';
import type { HandlerPlan } from '../plan/handler-plan';
import type { ServicePlan } from '../plan/plan';
import { requestSchema, responseSchema } from '../payload/schema';
import type { ValidatorOptions } from '../payload/validator';
import { fitInfo } from './info-size';

/** What the INFO reply says besides its body to a client that asks with the same header: payloads may come in chunks. */
export const INFO_HEADERS = headerBlock([[CHUNKS_HEADER, String(CHUNK_CREDIT)]]);

/** Builds the INFO reply (ADR-32, INFO), schemas included as far as they fit into one message. */
export function infoReply(
  identity: ServiceIdentity,
  service: ServicePlan,
  endpoints: readonly HandlerPlan[],
  maxPayload: number,
  logger: Logger,
  validation?: ValidatorOptions,
): InfoResponse {
  const info: InfoResponse = {
    type: REPLY_TYPES.INFO,
    ...identity,
    description: service.description,
    endpoints: endpoints.map((endpoint) => ({
      name: endpoint.name,
      subject: endpoint.subject,
      queue_group: endpoint.queueGroup,
      metadata: { ...(service.schemas && schemasOf(endpoint, logger, validation)), ...endpoint.metadata },
    })),
  };
  fitInfo(info, maxPayload, INFO_HEADERS.encode().length, logger);
  return info;
}

function schemasOf(
  endpoint: HandlerPlan,
  logger: Logger,
  validation: ValidatorOptions | undefined,
): Record<string, string> {
  try {
    const request = requestSchema(endpoint.payload, validation);
    const response = responseSchema(endpoint.response, validation);
    return {
      ...(request !== undefined && { request_schema: request }),
      ...(response !== undefined && { response_schema: response }),
    };
  } catch (err) {
    logger.warn({ endpoint: endpoint.where, err }, 'no JSON Schema could be made; INFO goes without it');
    return {};
  }
}
