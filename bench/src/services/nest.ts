import 'reflect-metadata';
import { Controller, Module, ValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MessagePattern, Payload, Transport, type MicroserviceOptions } from '@nestjs/microservices';
import { IsNumber } from 'class-validator';
import { ready, subject, url, variant } from './process';

class Operands {
  @IsNumber() a!: number;
  @IsNumber() b!: number;
}

@Controller()
class Calculator {
  @MessagePattern(subject) add(@Payload() { a, b }: Operands): number {
    return a + b;
  }
}

@Module({ controllers: [Calculator] })
class AppModule {}

async function main(): Promise<void> {
  const app = await NestFactory.createMicroservice<MicroserviceOptions>(AppModule, {
    transport: Transport.NATS,
    options: { servers: [url], queue: 'q' },
    logger: false,
  });
  if (variant === 'validated') app.useGlobalPipes(new ValidationPipe({ transform: true, whitelist: true }));
  await app.listen();
  ready();
}

void main();
