import type { Gathered, ServiceClient } from '@natsmith/client';
import { ExitCode, Failure } from './exit';
import { harmless, shortened } from './output/harmless';
import { note } from './output/output';

const MAX_LISTED = 20;
const MAX_PROBLEM = 300;

/** The replies that are in order; the others are reported, since one faulty service must not hide the rest. */
export async function inOrder<T>(gathered: Gathered<T>): Promise<readonly T[]> {
  const replies = await gathered;
  tellProblems(replies.problems);
  return replies;
}

/** Says which replies could not be used, the first ones of very many. */
export function tellProblems(problems: readonly { readonly reason: string }[]): void {
  for (const { reason } of problems.slice(0, MAX_LISTED))
    note(`${shortened(harmless(reason), MAX_PROBLEM)}; "natsmith check" says more`);
  const more = problems.length - MAX_LISTED;
  if (more > 0) note(`and ${more} more such replies`);
}

/** The error for nobody answering, which names those that would. */
export async function nobody(client: ServiceClient, name?: string, id?: string): Promise<Failure> {
  if (name === undefined)
    return new Failure(
      ExitCode.nobody,
      `no service is running on ${client.connection.getServer()}; start one, or see --server`,
    );
  const running = await inOrder(client.ping());
  const instances = running.filter((one) => one.name === name);
  if (id !== undefined && instances.length > 0)
    return new Failure(
      ExitCode.nobody,
      `no instance of service "${name}" has the id ${id}; running: ${listed(instances.map((one) => one.id))}`,
    );
  const names = running.map((one) => one.name);
  const others = names.length > 0 ? `running: ${listed(names)}` : 'no service is running';
  return new Failure(ExitCode.nobody, `service "${name}" does not answer; ${others}`);
}

/** Names for a message, each once; the first ones of very many. */
export function listed(names: readonly string[]): string {
  const all = [...new Set(names)].sort().map((name) => shortened(harmless(name), 64));
  return all
    .slice(0, MAX_LISTED)
    .concat(all.length > MAX_LISTED ? `and ${all.length - MAX_LISTED} more` : [])
    .join(', ');
}
