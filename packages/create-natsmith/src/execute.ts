import { spawn } from 'node:child_process';

/**
 * Runs a program to its end and resolves to what it wrote.
 * @throws Error with the end of its output when it cannot be run or fails
 */
export async function execute(
  program: string,
  args: readonly string[],
  { cwd, signal }: { cwd: string; signal?: AbortSignal },
): Promise<string> {
  signal?.throwIfAborted();
  // On Windows package managers are .cmd files, which only a shell runs.
  const shell = process.platform === 'win32';
  const child = spawn(program, args, { cwd, signal, shell, stdio: ['ignore', 'pipe', 'pipe'] });
  let written = '';
  let complaints = '';
  let problem: NodeJS.ErrnoException | undefined;
  child.stdout.setEncoding('utf8').on('data', (text: string) => (written += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaints += text));
  child.on('error', (error) => (problem = error));
  // Also when it was asked to end: until then it may write into the folder.
  const code = await new Promise((resolve) => child.once('close', resolve));
  signal?.throwIfAborted();
  if (problem?.code === 'ENOENT') throw new Error(`${program} is not installed, or not on PATH`, { cause: problem });
  if (problem !== undefined) throw problem;
  if (code === 0) return written;
  throw new Error(`"${[program, ...args].join(' ')}" failed:\n${lastLines(complaints || written)}`);
}

function lastLines(text: string): string {
  return text.trimEnd().split('\n').slice(-20).join('\n');
}
