import type { EndpointOptions, GroupOptions, ServiceOptions, SubscribeOptions } from '../define/options';
import { aBoolean, anArray, aPayloadType, aQueueGroup, aString, checkedElsewhere, type OptionRules } from './options';

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
  metadata: checkedElsewhere,
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
  metadata: checkedElsewhere,
  queueGroup: aQueueGroup,
  request: checkedElsewhere,
  response: aPayloadType,
  codec: checkedElsewhere,
  idempotent: aBoolean,
  maxUncredited: checkedElsewhere,
  ...LIMITS,
};

export const ENDPOINT_OPTIONS: OptionRules<EndpointOptions> = { name: aString, ...ADDED_ENDPOINT_OPTIONS };

export const SUBSCRIBE_OPTIONS: OptionRules<SubscribeOptions> = {
  name: aString,
  queueGroup: aQueueGroup,
  metadata: checkedElsewhere,
  timeout: checkedElsewhere,
  concurrency: checkedElsewhere,
  maxPending: checkedElsewhere,
};
