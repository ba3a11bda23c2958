// npm start [-- arguments of the example]: runs the first example, in this very process, so that signals and exit code are its own.
import { prepare } from './prepare.mjs';

prepare();
await import('../examples/01-calculator/dist/main.js');
