import type { Program } from '../endurance/program';
import { secrets } from './secrets';
import { subjects } from './subjects';

export const attacks: Record<string, Program> = { subjects, secrets };
