import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { isExecutable } from '#test/interop/tools';
import { eventually } from '../pages';

const CACHED = join(__dirname, '../../../../.cache/debian/usr/bin');
const MISSING =
  'no prometheus found: install the package "prometheus" of Debian, or name its binary in PROMETHEUS; promtool lies beside it';

/** The folder of the programs `prometheus` and `promtool`; undefined where there are none. */
export const programs = findPrograms();

/** A block that needs Prometheus; skipped where it is not installed, and cannot be had. */
export function describeWithPrometheus(title: string, body: (programs: string) => void): void {
  if (programs === undefined) describe.skip(`${title} (${MISSING})`, () => it('is skipped', () => undefined));
  else describe(title, () => body(programs));
}

/** What a program said, and how it ended. */
export interface Said {
  readonly code: number;
  readonly output: string;
}

/** Runs promtool, with a text as its input. */
export async function promtool(folder: string, args: readonly string[], input = ''): Promise<Said> {
  return new Promise((resolve) => {
    const child = execFile(join(folder, 'promtool'), args, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), output: stdout + stderr }),
    );
    child.stdin?.end(input);
  });
}

/** An answer to a query. */
export interface Result {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

/** A Prometheus of its own that scrapes once a second. */
export class Prometheus implements AsyncDisposable {
  private constructor(
    private readonly child: ChildProcess,
    private readonly folder: string,
    private readonly url: string,
  ) {}

  /** @param targets such as `127.0.0.1:9464` @param rules paths of rule files */
  static async start(programs: string, targets: readonly string[], rules: readonly string[] = []): Promise<Prometheus> {
    const folder = mkdtempSync(join(tmpdir(), 'natsmith-prometheus-'));
    const config = join(folder, 'prometheus.yml');
    const every = { scrape_interval: '1s', evaluation_interval: '1s' };
    const jobs = [{ job_name: 'natsmith', static_configs: [{ targets }] }];
    // JSON is YAML.
    writeFileSync(config, JSON.stringify({ global: every, rule_files: rules, scrape_configs: jobs }));
    const child = spawn(
      join(programs, 'prometheus'),
      [
        `--config.file=${config}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        '--web.listen-address=127.0.0.1:0',
        '--enable-feature=exemplar-storage',
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    let output = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
    try {
      const address = await eventually(
        () => /msg="Listening on" address=(\S+)/.exec(output)?.[1],
        (found) => {
          if (child.exitCode !== null) throw new Error(`prometheus has ended: ${output}`);
          return found !== undefined;
        },
      );
      const prometheus = new Prometheus(child, folder, `http://${address}`);
      await eventually(() => prometheus.isReady(), Boolean);
      return prometheus;
    } catch (error) {
      child.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** @throws Error with what Prometheus says of a query that is wrong */
  query(promql: string): Promise<Result[]> {
    return this.get<{ result: Result[] }>(`query?query=${encodeURIComponent(promql)}`).then(({ result }) => result);
  }

  /** The exemplars of a query of the last hour. */
  exemplars(promql: string): Promise<{ exemplars: { labels: Record<string, string> }[] }[]> {
    const now = Date.now() / 1000;
    return this.get(`query_exemplars?query=${encodeURIComponent(promql)}&start=${now - 3600}&end=${now + 60}`);
  }

  /** What it knows of its targets. */
  targets(): Promise<{ activeTargets: { health: string; lastError: string }[] }> {
    return this.get('targets');
  }

  /** The rules of its files. */
  rules(): Promise<{ groups: { rules: { name: string; health: string; lastError?: string }[] }[] }> {
    return this.get('rules');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.child, 'close');
    this.child.kill('SIGKILL');
    await ended;
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async get<T>(path: string): Promise<T> {
    const response = await fetch(`${this.url}/api/v1/${path}`);
    const { status, data, error } = (await response.json()) as { status: string; data: T; error?: string };
    if (status !== 'success') throw new Error(`${path}: ${error}`);
    return data;
  }

  private isReady(): Promise<boolean> {
    return fetch(`${this.url}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  }
}

function findPrograms(): string | undefined {
  const named = process.env.PROMETHEUS;
  if (named) return dirname(named);
  const folders = [...(process.env.PATH ?? '').split(delimiter).filter(Boolean), CACHED];
  return folders.find((folder) => ['prometheus', 'promtool'].every((name) => isExecutable(join(folder, name))));
}
