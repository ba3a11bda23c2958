import type { Program } from '../endurance/program';
import { discovery } from './discovery';
import { secrets } from './secrets';
import { subjects } from './subjects';
import { transfersAtOnce } from './transfers';

export const attacks: Record<string, Program> = { subjects, secrets, discovery, transfers: transfersAtOnce };
