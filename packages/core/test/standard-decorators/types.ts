/* Compiled with experimental and with standard decorators; an error where @ts-expect-error has none fails both. */
import {
  Endpoint,
  event,
  Group,
  Metadata,
  Service,
  StatsHandler,
  stream,
  Subscribe,
  Use,
  type EndpointStats,
  type EventContext,
  type Middleware,
  type RequestContext,
} from '@natsmith/core';
import { z } from 'zod';

class Operands {
  a!: number;
  b!: number;
}
class Text {
  text!: string;
}
const Order = z.object({ id: z.number(), note: z.string().transform((note) => note.length) });
const Placed = event('orders.{id}.placed', Order);
const Sent = event('mails.{to}.sent', Text);
declare const middleware: Middleware;

@Service({ name: 'fine', version: '1.0.0' })
@Group('fine')
@Use(middleware)
@Metadata({ a: 'b' })
export class Fine {
  @Endpoint()
  none(): void {}
  @Endpoint({ request: Operands })
  same(_: Operands, _ctx: RequestContext): void {}
  @Endpoint({ request: Operands })
  wider(_: { a: number }): void {}
  @Endpoint({ request: [Operands] })
  list(_: Operands[]): void {}
  @Endpoint({ request: Order })
  output(_: { id: number; note: number }): void {}
  @Endpoint({ request: String })
  primitive(_: string): void {}
  @Endpoint({ request: 'unchecked' })
  unchecked(_: { whatever: string }): void {}
  @Endpoint({ request: stream(Operands), response: stream(Number) })
  async *both(items: AsyncIterable<Operands>): AsyncGenerator<number> {
    for await (const { a } of items) yield a;
  }
  @Endpoint({ response: Operands })
  async response(): Promise<Operands> {
    return { a: 1, b: 2 };
  }
  @Subscribe(Placed)
  placed(_: { id: number; note: number }, ctx: EventContext<typeof Placed>): string {
    return ctx.params.id;
  }
  @Subscribe([Placed, Sent])
  either(_: z.infer<typeof Order> | Text): void {}
  @StatsHandler()
  data(_: EndpointStats): unknown {
    return {};
  }
  @Endpoint()
  @Group('deeper')
  @Use(middleware)
  @Metadata({ c: 'd' })
  decorated(): void {}
}

export class Contradicting {
  // @ts-expect-error the request is not what the parameter takes
  @Endpoint({ request: Operands })
  otherClass(_: Text): void {}
  // @ts-expect-error one for a list
  @Endpoint({ request: [Operands] })
  one(_: Operands): void {}
  // @ts-expect-error the schema gives a number
  @Endpoint({ request: Order })
  input(_: { id: number; note: string }): void {}
  // @ts-expect-error a number for a string
  @Endpoint({ request: Number })
  primitive(_: string): void {}
  // @ts-expect-error items, not one of them
  @Endpoint({ request: stream(Operands) })
  item(_: Operands): void {}
  // @ts-expect-error the reply is not what the response says
  @Endpoint({ response: Operands })
  reply(): Text {
    return { text: '' };
  }
  // @ts-expect-error nor is the promised one
  @Endpoint({ response: Operands })
  async asyncReply(): Promise<Text> {
    return { text: '' };
  }
  // @ts-expect-error the second parameter is the context
  @Endpoint()
  notContext(_: Operands, _ctx: string): void {}
  // @ts-expect-error a handler is (payload, ctx)
  @Endpoint()
  three(_: Operands, _ctx: RequestContext, _more: string): void {}
  // @ts-expect-error a field is not a method
  @Endpoint()
  field = 1;
  // @ts-expect-error the event carries something else
  @Subscribe(Placed)
  otherEvent(_: Text): void {}
  // @ts-expect-error both events must be taken
  @Subscribe([Placed, Sent])
  half(_: Text): void {}
  // @ts-expect-error the event has no such parameter
  @Subscribe(Sent)
  param(_: Text, ctx: EventContext<typeof Placed>): string {
    return ctx.params.id;
  }
  // @ts-expect-error a stats handler takes the figures of an endpoint
  @StatsHandler()
  stats(_: string): unknown {
    return {};
  }
  // @ts-expect-error a service is a class
  @Service({ name: 'x', version: '1.0.0' })
  service(): void {}
}

// @ts-expect-error an endpoint is a method
@Endpoint()
export class NoMethod {}
