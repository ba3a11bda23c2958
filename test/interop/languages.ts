import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { buildGoPrograms, findPython, findTool, makePythonEnvironment } from './tools';

/** A language with a NATS library: a caller, and a service that adds. */
export interface Language {
  name: string;
  tool: string | undefined;
  missing: string;
  build(tool: string): Promise<{ caller: string[]; adder: string[] }>;
}

/** Go and Python, where they are installed. */
export const languages: Language[] = [
  {
    name: 'go',
    tool: findTool('go', 'GO'),
    missing: 'no Go found: install it from https://go.dev/dl, or name the command in GO',
    async build(go) {
      const folder = await buildGoPrograms(go);
      return { caller: [join(folder, 'caller')], adder: [join(folder, 'adder')] };
    },
  },
  {
    name: 'python',
    tool: findPython(),
    missing: 'no Python 3 with venv found: install it (on Debian python3-venv, too), or name the command in PYTHON',
    async build(python) {
      const interpreter = await makePythonEnvironment(python);
      const program = (name: string) => [interpreter, join(__dirname, 'python', name)];
      return { caller: program('caller.py'), adder: program('adder.py') };
    },
  },
];

/** Starts the service of a language; it runs until its standard input ends. */
export async function startAdder(
  [program, ...args]: string[],
  server: { readonly url: string },
): Promise<ChildProcess> {
  const adder = spawn(program!, [...args, server.url], { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(adder.stdout, 'data');
  return adder;
}
