import type { Program } from '../endurance/program';
import { bodies } from './bodies';
import { discovery } from './discovery';
import { secrets } from './secrets';
import { subjects } from './subjects';
import { transfersAtOnce } from './transfers';

export const attacks: Record<string, Program> = { subjects, secrets, discovery, bodies, transfers: transfersAtOnce };
