import { close, url } from 'node:inspector';

/**
 * The flags with which Node.js lets a debugger into the service. One that was meant for the service and came to this
 * process (`node --inspect`, `NODE_OPTIONS`) is given up here.
 */
export function inspectFlags({
  inspect,
  inspectBrk,
}: {
  inspect?: string | true;
  inspectBrk?: string | true;
}): string[] {
  const inherited = process.execArgv.filter((flag) => /^--inspect(-brk)?(=|$)/.test(flag));
  if (url() !== undefined) close();
  return [...inherited, ...flag('--inspect', inspect), ...flag('--inspect-brk', inspectBrk)];
}

function flag(name: string, value: string | true | undefined): string[] {
  if (value === undefined) return [];
  return [value === true || value === '' ? name : `${name}=${value}`];
}
