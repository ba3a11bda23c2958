import { KeptSubscription } from '../nats/kept-subscription';
import type { ReceivedMessage } from '../pipeline/message';
import type { HandlerRuntime } from '../pipeline/runtime';
import type { HandlerPlan } from '../plan/handler-plan';
import type { HandlerSurroundings, RunningHandler } from './source';

/** What a kind does with the messages of a subject. */
export interface Subscriber<Runtime extends HandlerRuntime> {
  readonly runtime: (around: HandlerSurroundings) => Runtime;
  /** Takes one message; made for each runtime, so that a message costs no look-up. */
  readonly receive: (runtime: Runtime) => (message: ReceivedMessage) => void;
  /** The log line of what `receive` throws. */
  readonly fault: string;
}

/** Starts a handler that subscribes to the subject of its plan in core NATS. */
export function startSubscribed<Runtime extends HandlerRuntime>(
  plan: HandlerPlan,
  around: HandlerSurroundings,
  { runtime: runtimeFor, receive, fault }: Subscriber<Runtime>,
): RunningHandler {
  const subscribe = (runtime: Runtime, { settings, onLost, onRestored }: HandlerSurroundings): KeptSubscription => {
    settings.outlet.replySubjects.addOwn(plan.subject);
    return new KeptSubscription(settings.connection, plan.subject, plan.queueGroup, {
      onMessage: receive(runtime),
      onLost: (error) => onLost(plan.subject, error),
      onRestored: () => onRestored(plan.subject),
      onFault: (err) => runtime.log.error({ err }, fault),
    });
  };
  const runtime = runtimeFor(around);
  const { counter, limiters } = runtime;
  return {
    plan,
    counter,
    subscription: subscribe(runtime, around),
    startAlso: (guest) => subscribe({ ...runtimeFor(guest), counter, limiters }, guest),
  };
}
