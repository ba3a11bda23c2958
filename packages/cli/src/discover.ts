import type { Gathered, ServiceClient } from '@natsmith/client';
import { ExitCode, Failure } from './exit';
import { note } from './output/output';

/** The replies that are in order; the others are told of, for one faulty service must not hide the rest. */
export async function inOrder<T>(gathered: Gathered<T>): Promise<readonly T[]> {
  const replies = await gathered;
  for (const { reason } of replies.problems) note(`${reason}; "natsmith check" says more`);
  return replies;
}

/** The error for nobody answering, which names those that would. */
export async function nobody(client: ServiceClient, name?: string, id?: string): Promise<Failure> {
  if (name === undefined)
    return new Failure(
      ExitCode.nobody,
      `no service runs on ${client.connection.getServer()}; start one, or see --server`,
    );
  const running = await inOrder(client.ping());
  const instances = running.filter((one) => one.name === name);
  if (id !== undefined && instances.length > 0)
    return new Failure(
      ExitCode.nobody,
      `no instance of service "${name}" has the id ${id}; there are ${instances.map((one) => one.id).join(', ')}`,
    );
  const names = [...new Set(running.map((one) => one.name))].sort();
  const others = names.length > 0 ? `there are ${names.join(', ')}` : 'no service runs';
  return new Failure(ExitCode.nobody, `nobody answers as service "${name}"; ${others}`);
}
