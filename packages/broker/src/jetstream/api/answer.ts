import { ApiError, refusals } from '../api-error';
import { checkRequiredLevel } from '../level';
import { accountInfo } from './account';
import { consumerHandlers } from './consumers';
import { messageHandlers } from './messages';
import type { Account, ApiRequest, Handler, Handlers } from './request';
import { streamHandlers } from './streams';

interface Route {
  readonly kind: readonly string[];
  readonly type: string;
  readonly handle: Handler;
  readonly otherwise?: object;
}

const notHere: Handler = () => {
  throw new ApiError(501, 10051, 'the in-process broker keeps streams in memory only, and has no snapshots');
};
const notClustered: Handler = () => {
  throw refusals.clusterRequired();
};

const handlers: Handlers = {
  INFO: ['account_info', accountInfo],
  ...streamHandlers,
  ...messageHandlers,
  ...consumerHandlers,
  'STREAM.SNAPSHOT': ['stream_snapshot', notHere],
  'STREAM.RESTORE': ['stream_restore', notHere],
  'STREAM.LEADER.STEPDOWN': ['stream_leader_stepdown', notClustered],
  'STREAM.PEER.REMOVE': ['stream_remove_peer', notClustered],
  'CONSUMER.LEADER.STEPDOWN': ['consumer_leader_stepdown', notClustered],
  'META.LEADER.STEPDOWN': ['meta_leader_stepdown', notClustered],
};

// The longest first, since some kinds begin like others.
const routes: readonly Route[] = Object.entries(handlers)
  .map(([kind, [type, handle, otherwise]]) => ({ kind: kind.split('.'), type, handle, otherwise }))
  .sort((a, b) => b.kind.length - a.kind.length);

/** Answers a request to the API, with nats-server's types and error codes. */
export function answer(account: Account, request: ApiRequest): object {
  const route = routes.find(({ kind }) => kind.every((token, i) => token === request.tokens[i]));
  const type = `io.nats.jetstream.api.v1.${route?.type ?? 'system'}_response`;
  try {
    checkRequiredLevel(request.headers);
    if (!route) throw new ApiError(400, 10003, `bad request: the in-process broker has no ${nameOf(request)}`);
    return { type, ...route.handle(account, request.tokens.slice(route.kind.length), request) };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return { type, error: error.body, ...route?.otherwise };
  }
}

function nameOf({ tokens }: ApiRequest): string {
  return `$JS.API.${tokens.slice(0, 2).join('.')}`.slice(0, 64);
}
