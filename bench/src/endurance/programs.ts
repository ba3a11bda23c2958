import { consumeKill } from './consume-kill';
import { consumeRestart } from './consume-restart';
import { hostile } from './hostile';
import { killServers } from './kill-servers';
import { lameDuck } from './lame-duck';
import { poison } from './poison';
import type { Program } from './program';
import { reconnect } from './reconnect';
import { restart } from './restart';
import { schedule } from './schedule';
import { soak } from './soak';
import { stalledLink } from './stalled-link';
import { upgradeServers } from './upgrade-servers';
import { watchKill } from './watch-kill';

const onJetStream: Record<string, Program> = {
  'consume-kill': consumeKill,
  'consume-restart': consumeRestart,
  poison,
  'watch-kill': watchKill,
  schedule,
};

export const programs: Record<string, Program> = {
  soak,
  hostile,
  restart,
  reconnect,
  'lame-duck': lameDuck,
  'kill-servers': killServers,
  'upgrade-servers': upgradeServers,
  'stalled-link': stalledLink,
  ...onJetStream,
};

/** Whether the server of a program stores messages. */
export function needsJetStream(name: string): boolean {
  return name in onJetStream;
}
