// Preloaded into the process that runs the service.
import { transformSync, type Options } from '@swc-node/core';
import { addHook } from 'pirates';
import { COMPILER_VARIABLE } from './compiler-variable';

const options = JSON.parse(process.env[COMPILER_VARIABLE] ?? '{}') as Options;

addHook(compile, { exts: ['.ts', '.cts', '.mts', '.tsx'] });

function compile(code: string, filename: string): string {
  try {
    return transformSync(code, filename, options).code;
  } catch (error) {
    // The compiler's own stack has nothing of the user's code.
    const said = (error as Error).message.split(/\n+Caused by:/)[0] ?? '';
    process.stderr.write(`${said.trimEnd()}\n`);
    process.exit(1);
  }
}

// If `natsmith dev` is killed, nobody else ends this process.
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
process.channel?.unref();
