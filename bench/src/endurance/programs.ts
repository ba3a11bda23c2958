import { hostile } from './hostile';
import { killServers } from './kill-servers';
import { lameDuck } from './lame-duck';
import type { Program } from './program';
import { reconnect } from './reconnect';
import { restart } from './restart';
import { soak } from './soak';
import { stalledLink } from './stalled-link';
import { upgradeServers } from './upgrade-servers';

export const programs: Record<string, Program> = {
  soak,
  hostile,
  restart,
  reconnect,
  'lame-duck': lameDuck,
  'kill-servers': killServers,
  'upgrade-servers': upgradeServers,
  'stalled-link': stalledLink,
};
