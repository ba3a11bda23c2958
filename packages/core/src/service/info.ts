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
import type { HostSettings } from '../sources/settings';
import { fitInfo } from './info-size';

/** What the INFO reply says besides its body to a client that asks with the same header: payloads may come in chunks. */
export const INFO_HEADERS = headerBlock([[CHUNKS_HEADER, String(CHUNK_CREDIT)]]);

/** INFO as it goes out, made again when what it says may have changed. */
export class InfoBody {
  private body: Buffer | undefined;
  /** The max_payload that it was made for. */
  private fits = 0;

  constructor(
    private readonly settings: HostSettings,
    private readonly parts: () => [ServiceIdentity, ServicePlan, readonly HandlerPlan[]],
  ) {}

  get(): Buffer {
    const { outlet, logger, validation } = this.settings;
    // Another server, or the same one after a change, may take less or more.
    if (this.fits !== outlet.maxPayload) this.forget();
    this.fits = outlet.maxPayload;
    this.body ??= Buffer.from(JSON.stringify(infoReply(...this.parts(), this.fits, logger, validation)));
    return this.body;
  }

  forget(): void {
    this.body = undefined;
  }
}

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
      metadata: {
        ...(service.schemas && schemasOf(identity.name, endpoint, logger, validation)),
        ...endpoint.metadata,
      },
    })),
  };
  fitInfo(info, maxPayload, INFO_HEADERS.encode().length, logger);
  return info;
}

function schemasOf(
  service: string,
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
    logger.warn({ service, handler: endpoint.name, err }, 'no JSON Schema could be made; INFO goes without it');
    return {};
  }
}
