import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { packAll } from './packages';
import { endAll, userEnvironment } from './processes';
import { Registry } from './registry';

/** A machine on which natsmith can be had from the registry. */
export interface Published {
  /** The environment of its user's shell. */
  env(more?: Record<string, string>): Record<string, string | undefined>;
  /** What makes npm use that registry. */
  readonly npm: Record<string, string>;
  /** A new empty folder. */
  folder(): Promise<string>;
}

/** Publishes this checkout's packages for the tests of a file, and afterwards removes all that they wrote. */
export function usePublished(): Published {
  let home: string;
  let registry: Registry;
  const npm: Record<string, string> = {};

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'natsmith-scaffold-'));
    registry = await Registry.start(packAll(home));
    // What npm has downloaded is shared; not so the programs that "npm init" has run, which would be those of the last run.
    const shared = execFileSync('npm', ['config', 'get', 'cache'], { encoding: 'utf8' }).trim();
    const cache = join(home, 'npm-cache');
    await mkdir(join(shared, '_cacache'), { recursive: true });
    await mkdir(cache);
    await symlink(join(shared, '_cacache'), join(cache, '_cacache'));
    Object.assign(npm, {
      npm_config_registry: registry.url,
      npm_config_replace_registry_host: 'never',
      npm_config_cache: cache,
      // Somebody's answer when npm asks whether to fetch create-natsmith.
      npm_config_yes: 'true',
    });
  });
  afterEach(endAll);
  afterAll(async () => {
    await registry?.stop();
    if (home !== undefined) await rm(home, { recursive: true, force: true, maxRetries: 3 });
  });

  return {
    npm,
    env: (more = {}) => userEnvironment({ ...npm, ...more }),
    folder: () => mkdtemp(join(home, 'folder-')),
  };
}

/** A port of this machine that nobody uses. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
