export type { EndpointInfo, EndpointStats, InfoResponse, PingResponse, StatsResponse } from '@natsmith/protocol';
export type { Connection } from '@natsmith/protocol';
export type { GatherLimits } from './ask-all';
export { ServiceClient, type ClientOptions, type ConnectOptions } from './client';
export type { Discovered } from './discovery';
export { DiscoveryError } from './discovery-reply';
export type { Gathered } from './gathered';
export type { ServiceChange, WatchOptions } from './watch';
