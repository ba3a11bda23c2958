import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Block } from '../docs/markdown';
import { run, Running } from './processes';

/** Commands that run until somebody ends them, and what they write each time that the service has started. */
const STAYS: readonly string[] = ['npm run dev', 'npm start'];
const STARTED = '"msg":"service started"';

/** Somebody who does what a page says, in its order: types commands, compares replies, changes lines. */
export class PageReader {
  private running: Running | undefined;
  private starts = 0;
  private output = '';

  /** @param beforeStart is called before each command that stays, when the one before it has ended */
  constructor(
    private cwd: string,
    private readonly env: Record<string, string | undefined>,
    private readonly beforeStart: (line: string) => Promise<void>,
  ) {}

  /** Where the reader is. */
  get folder(): string {
    return this.cwd;
  }

  async does({ language, text, where }: Block): Promise<void> {
    if (language === 'sh') for (const line of text.split('\n')) await this.types(line);
    else if (language === 'text') expect({ where, output: this.output.trim() }).toEqual({ where, output: text });
    else if (language === 'diff') await this.changes(text, where);
    else if (language !== 'ts') throw new Error(`${where}: this test does not know what to do with ${language}`);
  }

  /** Ends what runs, as Ctrl-C does. */
  async leaves(): Promise<void> {
    await this.running?.end('SIGINT');
    this.running = undefined;
  }

  private async types(line: string): Promise<void> {
    if (line.startsWith('cd ')) this.cwd = join(this.cwd, line.slice('cd '.length));
    else if (STAYS.includes(line)) {
      await this.leaves();
      await this.beforeStart(line);
      this.running = new Running(`exec ${line}`, { cwd: this.cwd, env: this.env });
      this.starts = 0;
      await this.hasStarted();
    } else this.output = await run(line, { cwd: this.cwd, env: this.env });
  }

  private async changes(diff: string, where: string): Promise<void> {
    const [old, changed] = ['-', '+'].map((sign) => {
      const lines = diff.split('\n').filter((line) => line.startsWith(sign));
      return lines.map((line) => line.slice(1)).join('\n');
    });
    const files = readdirSync(this.cwd, { recursive: true, encoding: 'utf8' })
      .filter((name) => /^(src|test)\/.*\.ts$/.test(name))
      .filter((name) => readFileSync(join(this.cwd, name), 'utf8').includes(`${old}\n`));
    if (files.length !== 1) throw new Error(`${where}: ${files.length} files hold "${old}"`);
    const path = join(this.cwd, files[0]!);
    writeFileSync(path, readFileSync(path, 'utf8').replace(old!, changed!));
    if (this.running !== undefined && files[0]!.startsWith('src/')) await this.hasStarted();
  }

  private async hasStarted(): Promise<void> {
    await this.running?.writes(new RegExp(`(${STARTED}[^]*){${++this.starts}}`));
  }
}
