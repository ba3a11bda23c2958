import {
  CHUNK_CREDIT,
  CHUNKS_HEADER,
  headerBlock,
  REPLY_TYPES,
  type InfoResponse,
  type ServiceIdentity,
} from '@natsmith/protocol';
import type { Logger } from '../define/logger';
import type { EndpointPlan, ServicePlan } from '../plan/plan';
import { requestSchema, responseSchema } from '../request/schema';
import type { ValidatorOptions } from '../request/validate';

const SCHEMAS = ['request_schema', 'response_schema'] as const;

/** What the INFO reply says besides its body to a client that asks with the same header: payloads may come in chunks. */
export const INFO_HEADERS = headerBlock([[CHUNKS_HEADER, String(CHUNK_CREDIT)]]);

/** Builds the INFO reply (ADR-32, INFO), schemas included as far as they fit into one message. */
export function infoReply(
  identity: ServiceIdentity,
  service: ServicePlan,
  endpoints: readonly EndpointPlan[],
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
  leaveOutWhatDoesNotFit(info, maxPayload, logger);
  return info;
}

function schemasOf(
  endpoint: EndpointPlan,
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

/** The largest schemas go first. */
function leaveOutWhatDoesNotFit(info: InfoResponse, maxPayload: number, logger: Logger): void {
  let excess = INFO_HEADERS.encode().length + Buffer.byteLength(JSON.stringify(info)) - maxPayload;
  const size = ({ metadata }: (typeof info.endpoints)[number]) =>
    SCHEMAS.reduce((sum, key) => sum + Buffer.byteLength(JSON.stringify(metadata[key] ?? '')), 0);
  for (const endpoint of [...info.endpoints].sort((a, b) => size(b) - size(a))) {
    if (excess <= 0) return;
    excess -= size(endpoint);
    for (const key of SCHEMAS) delete endpoint.metadata[key];
    logger.warn(
      { service: info.name, endpoint: endpoint.name, maxPayload },
      `INFO is over max_payload; the schemas of endpoint "${endpoint.name}" are left out`,
    );
  }
}
