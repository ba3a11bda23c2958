import { execFileSync } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run, userEnvironment } from './processes';

/** What a Dockerfile makes: a folder that stands for the image's WORKDIR, and the command that it runs. */
export interface Image {
  readonly folder: string;
  readonly command: readonly string[];
  readonly env: Record<string, string>;
}

/**
 * Does what a Dockerfile says, with folders for its stages: neither Docker nor its images are at hand everywhere.
 * @param scratch an empty folder
 */
export async function buildImage(project: string, scratch: string, npm: Record<string, string>): Promise<Image> {
  const stages: Record<string, string> = {};
  let stage = '';
  let command: string[] = [];
  let env: Record<string, string> = {};
  const dockerfile = await readFile(join(project, 'Dockerfile'), 'utf8');
  for (const line of dockerfile.split('\n').filter((line) => line !== '' && !line.startsWith('#'))) {
    const [word, ...rest] = line.split(' ');
    const words = rest.join(' ');
    if (word === 'FROM') {
      stage = join(scratch, `stage-${Object.keys(stages).length}`);
      stages[rest[2] ?? ''] = stage;
      env = {};
      await mkdir(stage);
    } else if (word === 'ENV') env = { ...env, ...variable(words) };
    else if (word === 'RUN') await run(words, { cwd: stage, env: userEnvironment({ ...npm, ...env }) });
    else if (word === 'COPY' && rest[0]?.startsWith('--from='))
      copyPath(stages[rest[0].slice('--from='.length)]!, rest[1]!.replace('/app/', ''), join(stage, rest[2]!));
    else if (word === 'COPY') copyFromContext(project, rest.slice(0, -1), join(stage, rest.at(-1)!));
    else if (word === 'CMD') command = JSON.parse(words) as string[];
    else if (!(word === 'USER' || (word === 'WORKDIR' && words === '/app')))
      throw new Error(`this test does not know "${line}"`);
  }
  return { folder: stage, command, env };
}

function copyFromContext(project: string, sources: string[], target: string): void {
  const script = 'mkdir -p "$0" && tar -cf - --exclude-from=.dockerignore "$@" | tar -xf - -C "$0"';
  // The shell knows what package*.json means, and tar what is to be left out.
  execFileSync('/bin/sh', ['-c', script.replace('"$@"', sources.join(' ')), target], { cwd: project });
}

function copyPath(stage: string, path: string, target: string): void {
  execFileSync('/bin/sh', [
    '-c',
    'if [ -d "$0" ]; then mkdir -p "$1" && cp -R "$0/." "$1"; else cp "$0" "$1"; fi',
    join(stage, path),
    target,
  ]);
}

function variable(text: string): Record<string, string> {
  const [name = '', value = ''] = text.split('=');
  return { [name]: value };
}
