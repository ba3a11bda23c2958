import type { ServiceClient } from '@natsmith/client';
import { isCallable, nameProblem } from '@natsmith/protocol';
import type { Command } from 'commander';
import { COMMANDS, loadCommand } from '../command-table';
import { connectClient } from '../connection/connect';
import { contextNames } from '../connection/context';
import type { ConnectionFlags } from '../connection/flags';
import { inOrder } from '../discover';

/** In the place of candidates: the shell's own completion of files. */
export const FILES: string[] = [];

// Somebody waits with a finger on the key.
const LIMITS = { stall: 60, timeout: 400 };

/** What may stand in the place of the current word, after the words before it. */
export async function candidates(words: readonly string[], current: string): Promise<string[]> {
  const [name, ...rest] = words;
  if (name === undefined) return [...Object.keys(COMMANDS), '--help', '--version'];
  const command = loadCommand(name);
  if (command === undefined) return [];
  const flag = command.options.find(({ long, short }) => rest.at(-1) === long || rest.at(-1) === short);
  if (flag?.long === '--context') return contextNames().filter((name) => /^[\w.-]+$/.test(name));
  if (flag?.required) return FILES;
  if (current.startsWith('-')) return command.options.flatMap(({ long }) => long ?? []).concat('--help');
  const { operands } = command.parseOptions([...rest]);
  return operandCandidates(command, operands);
}

async function operandCandidates(command: Command, operands: readonly string[]): Promise<string[]> {
  const argument = command.registeredArguments[operands.length];
  if (argument?.argChoices) return argument.argChoices;
  const kind = argument?.name();
  const [service] = operands;
  if (kind === 'service')
    return ask(command, async (client) =>
      (await inOrder(client.ping(undefined, undefined, LIMITS))).map((one) => one.name),
    );
  if (kind === 'id')
    return ask(command, async (client) =>
      (await inOrder(client.ping(service, undefined, LIMITS))).map((one) => one.id),
    );
  if (kind === 'endpoint')
    return ask(command, async (client) => {
      const infos = await inOrder(client.info(service, undefined, LIMITS));
      return infos.flatMap(({ endpoints }) => endpoints.filter(isCallable).map((endpoint) => endpoint.name));
    });
  return FILES;
}

async function ask(command: Command, work: (client: ServiceClient) => Promise<string[]>): Promise<string[]> {
  const client = await connectClient(command.opts<ConnectionFlags>());
  try {
    // What the shell inserts it may run, too: a name that is none is somebody's trap.
    return [...new Set(await work(client))].filter((name) => nameProblem(name) === undefined).sort();
  } finally {
    await client.close();
  }
}
