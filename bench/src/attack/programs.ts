import type { Program } from '../endurance/program';
import { bodies } from './bodies';
import { command } from './command';
import { discovery } from './discovery';
import { link } from './link';
import { replies } from './replies';
import { secrets } from './secrets';
import { subjects } from './subjects';
import { schemas, usercode } from './suites';
import { transfersAtOnce } from './transfers';

export const attacks: Record<string, Program> = {
  ...{ subjects, secrets, discovery, replies, bodies, transfers: transfersAtOnce },
  ...{ usercode, link, command, schemas },
};
