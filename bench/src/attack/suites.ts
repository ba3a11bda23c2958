import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Extent, Program, Verdict } from '../endurance/program';

const ROOT = join(__dirname, '../../..');

interface Report {
  readonly numPassedTests: number;
  readonly numTotalTests: number;
  readonly testResults: readonly { readonly assertionResults: readonly { fullName: string; status: string }[] }[];
}

/** Each place where user code is called, and all that it may do there: throw, reject, hang, lie. */
export const usercode: Program = (_, extent) => suite('packages/core/test/user-code.test.ts', {}, extent);

/** Schemas in INFO against the validator: every decorator that class-validator exports, generated options and values. */
export const schemas: Program = (_, extent) => {
  const runs = extent.requests === undefined ? 2_000 : 100;
  return suite('packages/core/src/payload/schema.test.ts', { FUZZ_RUNS: String(runs) }, extent);
};

/** The properties of a test suite, with as many runs as there is time for. */
async function suite(file: string, env: Record<string, string>, { tell }: Extent): Promise<Verdict> {
  const folder = mkdtempSync(join(tmpdir(), 'natsmith-attack-'));
  const output = join(folder, 'report.json');
  tell(`running ${file}`);
  try {
    const args = [require.resolve('jest/bin/jest'), file, '-w', '1', '--json', '--outputFile', output];
    await new Promise<void>((resolve) =>
      execFile(process.execPath, args, { cwd: ROOT, env: { ...process.env, ...env } }, () => resolve()),
    );
    const { numPassedTests, numTotalTests, testResults } = JSON.parse(readFileSync(output, 'utf8')) as Report;
    const failed = testResults.flatMap(({ assertionResults }) =>
      assertionResults.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName),
    );
    return {
      figures: { ...env, cases: numTotalTests, passed: numPassedTests },
      misses: numTotalTests === 0 ? [`${file} has not run`] : failed.map((name) => `failed: ${name}`),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
