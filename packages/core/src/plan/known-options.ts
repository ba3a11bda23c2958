import { aBoolean, anArray, aString, checkedElsewhere, type OptionRules } from '@natsmith/protocol';
import type { EndpointOptions, GroupOptions, ServiceOptions, SubscribeOptions } from '../define/options';
import type { ContractOptions } from './contract';
import { aMetadata, aPayloadType, aQueueGroup } from './options';

const LIMITS = {
  timeout: checkedElsewhere,
  concurrency: checkedElsewhere,
  maxPending: checkedElsewhere,
  maxBody: checkedElsewhere,
};

export const SERVICE_OPTIONS: OptionRules<ServiceOptions> = {
  name: aString,
  version: aString,
  description: aString,
  metadata: aMetadata,
  queueGroup: aQueueGroup,
  groups: anArray,
  publishes: checkedElsewhere,
  schemas: aBoolean,
  ...LIMITS,
};

export const GROUP_OPTIONS: OptionRules<GroupOptions> = { queueGroup: aQueueGroup, groups: anArray };

export const ADDED_GROUP_OPTIONS: OptionRules<Omit<GroupOptions, 'groups'>> = { queueGroup: aQueueGroup };

export const ADDED_ENDPOINT_OPTIONS: OptionRules<Omit<EndpointOptions, 'name'>> = {
  subject: aString,
  description: aString,
  metadata: aMetadata,
  queueGroup: aQueueGroup,
  request: checkedElsewhere,
  response: aPayloadType,
  codec: checkedElsewhere,
  idempotent: aBoolean,
  maxUncredited: checkedElsewhere,
  ...LIMITS,
};

export const ENDPOINT_OPTIONS: OptionRules<EndpointOptions> = { name: aString, ...ADDED_ENDPOINT_OPTIONS };

/** What handlers of contracts may say, of whatever kind. */
export const CONTRACT_OPTIONS: OptionRules<ContractOptions> = {
  name: aString,
  metadata: aMetadata,
  timeout: checkedElsewhere,
  concurrency: checkedElsewhere,
  maxPending: checkedElsewhere,
};

export const SUBSCRIBE_OPTIONS: OptionRules<SubscribeOptions> = { ...CONTRACT_OPTIONS, queueGroup: aQueueGroup };
