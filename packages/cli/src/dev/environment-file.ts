import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';

/** The project's `.env`: variables for the service, where the environment does not have them already. */
export class EnvironmentFile {
  readonly path: string;
  private readonly own: Readonly<NodeJS.ProcessEnv> = { ...process.env };

  constructor(folder: string) {
    this.path = join(folder, '.env');
  }

  /** What the file adds, read anew. */
  read(): Record<string, string> {
    let text: string;
    try {
      text = readFileSync(this.path, 'utf8');
    } catch {
      return {};
    }
    return Object.fromEntries(
      Object.entries(parseEnv(text)).filter((entry): entry is [string, string] => {
        const [name, value] = entry;
        return value !== undefined && this.own[name] === undefined;
      }),
    );
  }
}
