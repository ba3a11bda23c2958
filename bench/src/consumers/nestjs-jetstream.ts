import 'reflect-metadata';
import {
  getJetStreamTransportToken,
  JetstreamServerModule,
  type JetstreamTransport,
} from '@horizon-republic/nestjs-jetstream';
import { Controller, Module, ValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventPattern, Payload, type AsyncMicroserviceOptions } from '@nestjs/microservices';
import { connect } from 'nats';
import { fillStream } from '../fill-stream';
import { Operands } from '../services/payloads';
import { io, url, variant } from '../services/process';
import { consumer } from './process';

/** Of its streams: it reads from none but its own. It acknowledges before the handler runs. */
const name = `bench-${process.pid}`;
let handled: (sum: number) => void;

@Controller()
class Adder {
  @EventPattern('numbers') add(@Payload() { a, b }: Operands): void {
    handled(a + b);
  }
}

@Controller()
class WaitingAdder {
  @EventPattern('numbers') async add(@Payload() { a, b }: Operands): Promise<void> {
    await io();
    handled(a + b);
  }
}

@Module({
  imports: [JetstreamServerModule.forRoot({ name, servers: [url] })],
  controllers: [variant === 'io' ? WaitingAdder : Adder],
})
class AppModule {}

async function fill(messages: number): Promise<void> {
  const own = `${name}__microservice`;
  const connection = await connect({ servers: url });
  const manager = await connection.jetstreamManager();
  // Each stream of the transport reserves gigabytes, and those of earlier processes would use up the server's.
  for (const stream of await manager.streams.list().next())
    if (stream.config.name.startsWith('bench-')) await manager.streams.delete(stream.config.name);
  await manager.streams.add({ name: `${own}_ev-stream`, subjects: [`${own}.ev.>`], retention: 'workqueue' as never });
  await fillStream(connection.jetstream(), `${own}.ev.numbers`, messages);
  await connection.close();
}

consumer(async (onHandled, { warmUp, measured }) => {
  handled = onHandled;
  await fill(warmUp + measured);
  // As the only transport of the process, so that no HTTP server is needed.
  const app = await NestFactory.createMicroservice<AsyncMicroserviceOptions>(AppModule, {
    useFactory: ({ strategy }: JetstreamTransport) => ({ strategy }),
    inject: [getJetStreamTransportToken(name)],
    logger: false,
  });
  if (variant === 'validated') app.useGlobalPipes(new ValidationPipe({ transform: true, whitelist: true }));
  await app.listen();
});
