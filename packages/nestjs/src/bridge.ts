export { NestClient, type NestSendOptions, type NestStreamOptions } from './client';
export { NestEndpoint, type NestEndpointOptions } from './endpoint';
export { nestCodec, nestReplies } from './envelope';
export { nestEvent, type NestEventOptions } from './event';
export { nestSubject, type NestPattern } from './pattern';
