import { hostile } from './hostile';
import { lameDuck } from './lame-duck';
import type { Program } from './program';
import { reconnect } from './reconnect';
import { restart } from './restart';
import { soak } from './soak';

export const programs: Record<string, Program> = { soak, hostile, restart, reconnect, 'lame-duck': lameDuck };
