import { NatsServiceFactory } from '@natsmith/core';
import { Greeter } from './greeter';

console.log(`service pid ${process.pid}`);
void NatsServiceFactory.create(Greeter, { logger: false });
