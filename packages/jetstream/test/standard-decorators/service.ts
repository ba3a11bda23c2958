/* As a program with standard decorators has it; the suite compiles it with several compilers. */
import { Endpoint, event, Service, unchecked } from '@natsmith/core';
import {
  bucket,
  Consume,
  eventStream,
  key,
  Schedule,
  Watch,
  type BatchContext,
  type ConsumerContext,
  type ScheduleContext,
  type WatchContext,
} from '@natsmith/jetstream';
import { z } from 'zod';

export const Placed = event('standard.{id}.placed', z.object({ quantity: z.number().int() }));
const Orders = eventStream('STANDARD', { events: [Placed], storage: 'memory' });
export const Mode = key('modes.{name}', unchecked<string>());
export const Modes = bucket('standard-modes', { keys: [Mode] });

// #region service
@Service({ name: 'standard', version: '1.0.0' })
export class Standard {
  private readonly all: string[] = [];

  @Consume(Orders, Placed)
  one({ quantity }: { quantity: number }, ctx: ConsumerContext<typeof Placed>): void {
    this.all.push(`one ${ctx.params.id}: ${quantity}`);
  }

  @Consume(Orders, Placed, { batch: { size: 2, wait: '1s' } })
  two(all: { quantity: number }[], ctx: BatchContext<typeof Placed>): void {
    this.all.push(`two ${ctx.messages.length}: ${all.reduce((sum, { quantity }) => sum + quantity, 0)}`);
  }

  @Watch(Modes, Mode)
  mode(mode: string | undefined, { params }: WatchContext<typeof Mode>): void {
    this.all.push(`mode ${params.name}: ${mode ?? 'gone'}`);
  }

  @Schedule('0 0 1 1 *')
  yearly(_: undefined, { trigger }: ScheduleContext): void {
    this.all.push(`yearly: ${trigger}`);
  }

  @Endpoint({ response: [String] })
  seen(): string[] {
    return [...this.all].sort();
  }
}
// #endregion service
