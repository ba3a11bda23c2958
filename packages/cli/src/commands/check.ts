import { ServiceError } from '@natsmith/protocol';
import { checkService, type CheckReport, type Finding } from '@natsmith/testing';
import { Command } from 'commander';
import { addHeader, headerValues, type HeaderLine } from '../call/headers';
import { readPayload } from '../call/payload';
import { addParam } from '../call/target';
import { withClient } from '../connection/connect';
import { withConnectionFlags, type ConnectionFlags } from '../connection/flags';
import { nobody } from '../discover';
import { examples } from '../example';
import { ExitCode, Failure } from '../exit';
import { harmless } from '../output/harmless';
import { paint, print, printJson } from '../output/output';

interface Flags extends ConnectionFlags {
  id?: string;
  load?: boolean;
  endpoint?: string;
  payload?: string;
  header?: HeaderLine[];
  param?: Record<string, string>;
  json?: boolean;
}

export function check(): Command {
  const command = new Command('check')
    .description(
      'Checks from outside that a service of any language keeps the services protocol (ADR-32).\n' +
        'Endpoints are called only if their metadata says that they are idempotent, or with --load or --endpoint.',
    )
    .argument('<service>', "the service's name")
    .option('--id <id>', 'only this instance')
    .option('--load', 'call endpoints: with junk, without a reply subject, and many at a time, too')
    .option('--endpoint <name>', 'the endpoint that is called')
    .option(
      '--payload <json>',
      'what calls send; @file and - as in "natsmith call"; default: made of the schema in INFO',
    )
    .option('-H, --header <name:value>', 'a header of the calls; can be repeated', addHeader)
    .option('-p, --param <name=value>', 'a value for a named token of the subjects; can be repeated', addParam)
    .option('--json', 'print { service, instances, checked, skipped, findings }')
    .addHelpText(
      'after',
      examples('natsmith check calculator', 'natsmith check calculator --load --endpoint add --json'),
    )
    .action(async (service: string, flags: Flags) => {
      const payload = readPayload(flags.payload);
      await withClient(flags, async (client) => {
        const { id, load, endpoint, param: params, prefix } = flags;
        const headers = headerValues(flags.header);
        // What does not answer is a finding, so each answer has its time.
        const timeout = flags.timeout === Infinity ? undefined : flags.timeout;
        const options = { id, load, endpoint, payload: payload.value, params, headers, timeout, prefix };
        const report = await checkService(client.connection, service, options).catch(async (error: unknown) => {
          throw error instanceof ServiceError ? await nobody(client, service, id) : error;
        });
        if (flags.json) printJson(report);
        else show(report);
        if (report.findings.some(({ severity }) => severity === 'error')) throw new Failure(ExitCode.refused);
      });
    });
  return withConnectionFlags(command);
}

function show({ service, instances, checked, skipped, findings }: CheckReport): void {
  for (const finding of findings) print(`${describe(finding)}\n`);
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  const warnings = findings.length - errors;
  const counts = `${count(errors, 'error')}, ${count(warnings, 'warning')}`;
  const verdict = errors > 0 ? paint.red(counts) : warnings > 0 ? paint.yellow(counts) : paint.green(counts);
  print(`${service}, ${count(instances.length, 'instance')}: ${verdict}; ${count(checked.length, 'rule')} checked`);
  const reasons = new Map<string, string[]>();
  for (const { rule, reason } of skipped) reasons.set(reason, [...(reasons.get(reason) ?? []), rule]);
  for (const [reason, rules] of reasons) print(paint.dim(`not checked: ${rules.join(', ')} (${reason})`));
}

function describe({ rule, severity, where, seen, holds, fix }: Finding): string {
  const title = severity === 'error' ? paint.red('error') : paint.yellow('warning');
  return [
    `${title} ${paint.bold(rule)}  ${harmless(where)}`,
    `  seen  ${harmless(seen)}`,
    `  rule  ${holds}`,
    `  fix   ${fix}`,
  ].join('\n');
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
