import { runServices } from '#test/hosts';
import { useServer } from '#test/matrix';
import { blocksOf, tableOf } from '#test/docs/markdown';
import { checkService, RULES } from '@natsmith/testing';
import { connect } from 'nats';
import { Calculator } from '../../../examples/01-calculator/src/calculator.service';
import { ExitCode } from '../src/exit';
import { useShell } from './command';

const GUIDE = 'docs/guide/command.md';
const REFERENCE = 'docs/reference/command.md';

/** The commands of the guide's console blocks, with what they print. */
const EXAMPLES = blocksOf(GUIDE)
  .filter(({ language }) => language === 'console')
  .flatMap(({ text }) => text.split(/^\$ /m).slice(1))
  .map((example) => {
    const [command = '', ...output] = example.trimEnd().split('\n');
    return { command, output: output.join('\n') };
  });

describe('the pages about the command', () => {
  const server = useServer('broker');
  runServices(server, [Calculator]);
  const shell = useShell(server);

  it.each(EXAMPLES)('show what $command prints', async ({ command, output }) => {
    const { stdout } = await shell('sh', `${command} 2>&1`);
    expect(withoutIds(stdout.trimEnd())).toBe(withoutIds(output));
  });

  it('show how a test checks a service', async () => {
    const connection = await connect({ servers: server.url });
    // #region check
    const report = await checkService(connection, 'calculator', { load: true });
    expect(report.findings).toEqual([]);
    // #endregion
    await connection.close();
  });

  it('list the exit codes', () => {
    const codes = tableOf(REFERENCE, ['code', 'means']).map(([code]) => Number(code));
    expect(codes).toEqual(Object.values(ExitCode));
  });

  it('list the rules', () => {
    const rules: Record<string, unknown> = Object.fromEntries(
      tableOf(REFERENCE, ['rule', 'what must hold']).map(([id = '', holds]) => [id, holds]),
    );
    expect(rules).toEqual(Object.fromEntries(Object.entries(RULES).map(([id, { holds }]) => [id, holds])));
  });
});

function withoutIds(text: string): string {
  return text.replace(/\b[A-Z0-9]{22}\b/g, 'ID');
}
