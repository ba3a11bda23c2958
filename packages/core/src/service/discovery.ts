import {
  REPLY_TYPES,
  type InfoResponse,
  type PingResponse,
  type ServiceIdentity,
  type StatsResponse,
} from '@natsmith/protocol';
import type { StatsHandlerMethod } from '../define/options';
import type { Connection } from '../nats/connection';
import type { KeptSubscription, Receiver } from '../nats/kept-subscription';
import { percentilesOf } from '../pipeline/percentiles';
import type { ServicePlan } from '../plan/plan';
import type { HostSettings } from '../sources/settings';
import type { RunningHandler } from '../sources/source';
import { subscribeControl } from './control';
import type { Handlers } from './handlers';
import { InfoBody } from './info';
import type { ServiceStats } from './service';
import { statsReply, withMeasures, type DataOf } from './stats';

/** What a service instance says of itself (ADR-32, Discovery), to the process as to the wire. */
export class Discovery {
  private started = new Date();
  private readonly infoBody: InfoBody;

  constructor(
    private readonly id: string,
    private readonly plan: ServicePlan,
    private readonly handlers: Handlers,
    private readonly settings: HostSettings,
  ) {
    this.infoBody = new InfoBody(settings, () => [this.identity, plan, handlers.listed]);
  }

  /** The time that STATS gives is now. */
  restart(): void {
    this.started = new Date();
  }

  /** INFO is not what it was. */
  forgetInfo(): void {
    this.infoBody.forget();
  }

  ping(): PingResponse {
    return { type: REPLY_TYPES.PING, ...this.identity };
  }

  info(): InfoResponse {
    return JSON.parse(this.infoBody.get().toString()) as InfoResponse;
  }

  stats(): Promise<ServiceStats> {
    const { running } = this.handlers;
    return withMeasures(this.plan.name, this.statsReply(running), running, this.settings.logger);
  }

  /** Subscribes the discovery subjects. @param watcherOf who hears when one of them is lost and restored */
  subscribe(
    connection: Connection,
    watcherOf: (subject: string) => Pick<Receiver, 'onLost' | 'onRestored'>,
  ): KeptSubscription[] {
    const { name } = this.plan;
    const { outlet, logger } = this.settings;
    const ping = encode(this.ping());
    const replies = {
      PING: () => ping,
      INFO: () => this.infoBody.get(),
      STATS: async () => encode(await this.statsReply(this.handlers.running)),
    };
    return subscribeControl(connection, name, this.id, replies, outlet.replySubjects, logger, watcherOf);
  }

  private get identity(): ServiceIdentity {
    const { name, version, metadata } = this.plan;
    return { name, id: this.id, version, metadata: { ...metadata } };
  }

  private statsReply(handlers: readonly RunningHandler[]): Promise<StatsResponse> {
    const { outlet, logger } = this.settings;
    return statsReply(this.identity, this.started, handlers, this.dataOf, outlet.maxPayload, logger);
  }

  private get dataOf(): DataOf | undefined {
    const { statsHandler: method, class: service } = this.plan;
    const { percentiles } = this.settings;
    if (method === undefined) return percentiles ? (_, { measures }) => percentilesOf(measures.durations) : undefined;
    const object = this.settings.objects.get(service) as Record<string, StatsHandlerMethod>;
    return (endpoint) => object[method]?.(endpoint);
  }
}

function encode(reply: object): Buffer {
  return Buffer.from(JSON.stringify(reply));
}
