import { Command } from 'commander';
import type * as Flags from './flags';

/** What the command itself takes. */
const OWN: ReadonlySet<string> = new Set(['-h', '--help', '-V', '--version']);

/** Connection flags before the command (`natsmith -s host ls`) as flags after it, where the command reads them. */
export function withFlagsLast(args: readonly string[]): string[] {
  if (args[0]?.startsWith('-') !== true || OWN.has(args[0])) return [...args];
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- most command lines have no such flags
  const { withConnectionFlags } = require('./flags') as typeof Flags;
  const { options } = withConnectionFlags(new Command());
  let i = 0;
  for (let arg = args[i]; arg !== undefined; arg = args[i]) {
    const option = options.find(({ long, short }) => arg === long || arg === short);
    const isWhole = options.some(({ long, short }) => isAttached(arg, long, short));
    if (option === undefined && !isWhole) break;
    i += isWhole ? 1 : 2;
  }
  const [command, ...rest] = args.slice(i);
  return command === undefined ? [...args] : [command, ...args.slice(0, i), ...rest];
}

/** Whether an argument is a flag with its value: `--server=host`, `-shost`. */
function isAttached(arg: string, long: string | undefined, short: string | undefined): boolean {
  const isShort = short !== undefined && !arg.startsWith('--') && arg.startsWith(short) && arg !== short;
  return arg.startsWith(`${long}=`) || isShort;
}
