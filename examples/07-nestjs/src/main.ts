import 'reflect-metadata';
import { Broker } from '@natsmith/broker';
import { NestFactory } from '@nestjs/core';
import { Transport, type MicroserviceOptions } from '@nestjs/microservices';
import { AppModule } from './app.module';
import { tour } from './tour';

async function main(): Promise<void> {
  // Without NATS_URL, a broker in this process does.
  const servers = (process.env.NATS_URL ||= (await Broker.start()).url);
  // #region start
  const app = await NestFactory.createMicroservice<MicroserviceOptions>(AppModule, {
    transport: Transport.NATS,
    options: { servers },
    logger: ['warn', 'error'],
  });
  app.enableShutdownHooks();
  await app.listen();
  // #endregion
  await tour(servers, console.log);
  console.log('It runs until Ctrl-C.');
}

void main();
