#!/usr/bin/env node
import { run } from './run';

void run(process.argv.slice(2)).then((code) => {
  // A connection attempt that was given up may still hold the process; what was written must be out first.
  process.stdout.write('', () => process.exit(code));
});
