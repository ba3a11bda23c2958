import { nameProblem, parseTemplate, type Event } from '@natsmith/protocol';
import type { HandlerDefinition } from '../define/definition';
import type { Limits } from '../define/options';
import { decidePayload } from '../payload/payload';
import { checkMetadata, prefix } from './endpoint';
import { handlerOf, isStreaming } from './handler';
import type { HandlerPlan } from './handler-plan';
import { checkLimits, plannedLimits } from './limits';
import type { SourceSurroundings } from './source';

/** What handlers of a contract (an event, a key) say of themselves, whatever brings their messages. */
export interface ContractOptions extends Pick<Limits, 'timeout' | 'concurrency' | 'maxPending'> {
  /** Default: the method's name. */
  readonly name?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** What a source decides about a handler of a contract. */
export interface ContractFacts {
  readonly kind: string;
  /** As the server has it, with `*` for named tokens; default that of the contract. */
  readonly subject?: string;
  /** As discovery shows it, a durable name for one; `""` for none. */
  readonly queueGroup: string;
  /** Shown in INFO besides what the handler says of itself. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** The name of a handler of contracts. */
export function contractName(handler: HandlerDefinition, options: ContractOptions): string {
  return options.name ?? handler.method;
}

/** Notes what is wrong with the options of a handler that has its messages by contract. */
export function checkContract(handler: HandlerDefinition, options: ContractOptions, around: SourceSurroundings): void {
  const mistakes = { add: (_where: string, problem: string | undefined) => around.mistake(problem) };
  around.mistake(prefix('handler name ', nameProblem(contractName(handler, options))));
  checkLimits(around.where, options, mistakes);
  checkMetadata(around.where, { ...handler.metadata, ...options.metadata }, mistakes);
  if (isStreaming(handlerOf(handler)))
    around.mistake('is an async generator, whose body nobody would run; make it async');
}

/** Plans a handler for one contract, and notes a payload that cannot be checked. */
export function planContract(
  handler: HandlerDefinition,
  contract: Event,
  options: ContractOptions,
  facts: ContractFacts,
  around: SourceSurroundings,
): HandlerPlan {
  const { payloads, use, maxBody, where } = around;
  const name = contractName(handler, options);
  const payload = decidePayload(contract.type, undefined, 1, payloads);
  if (typeof payload === 'string') around.mistake(`takes "${contract.subject}", which ${payload}`);
  const { subject, params } = parseTemplate(contract.subject);
  const planned = facts.subject ?? subject;
  // Tokens are counted from the end, where the contract is.
  const before = planned.split('.').slice(0, planned.split('.').length - subject.split('.').length);
  const template = [...before, contract.subject].join('.');
  return Object.freeze<HandlerPlan>({
    kind: facts.kind,
    name,
    subject: planned,
    queueGroup: facts.queueGroup,
    metadata: Object.freeze({
      ...(handler.method !== name && { method: handler.method }),
      ...(params.length > 0 && { subject_template: template }),
      ...(contract.description !== '' && { description: contract.description }),
      ...handler.metadata,
      ...options.metadata,
      ...facts.metadata,
      kind: facts.kind,
    }),
    params: params.map((param) => ({ ...param, index: param.index + before.length })),
    target: { class: handler.class, method: handler.method },
    use,
    payload: typeof payload === 'string' ? { kind: 'unchecked' } : payload,
    response: undefined,
    codec: contract.codec,
    limits: plannedLimits(options, { timeout: undefined, maxBody }),
    where,
  });
}
