// npm test [-- jest arguments]
import { prepare } from './prepare.mjs';

prepare();
await import('../node_modules/jest/bin/jest.js');
