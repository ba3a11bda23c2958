import { Endpoint, NatsServiceFactory, Service, type RequestContext } from '@natsmith/core';

/** A service that is slow on request, in a process of its own; writes "ready" when it serves. */
@Service({ name: 'worker', version: '1.0.0' })
class Worker {
  @Endpoint()
  whoami(): number {
    return process.pid;
  }

  /** Answers after that many ms, whatever happens meanwhile. */
  @Endpoint()
  async slow(ms: number, { stopping }: RequestContext): Promise<string> {
    console.log('working');
    stopping.addEventListener('abort', () => console.log('stopping'));
    await new Promise((resolve) => setTimeout(resolve, ms));
    return 'done';
  }

  @Endpoint()
  fail(): never {
    throw new Error('broken');
  }

  async onStop(): Promise<void> {
    console.log('onStop');
    if (process.env.HANG) await new Promise((resolve) => setTimeout(resolve, 60_000));
  }
}

async function main(): Promise<void> {
  const { NATS_URL: servers, RECONNECTS } = process.env;
  const host = await NatsServiceFactory.create(Worker, {
    logger: false,
    ...(RECONNECTS && {
      connection: { servers, maxReconnectAttempts: Number(RECONNECTS), reconnectTimeWait: 20, reconnectJitter: 0 },
    }),
  });
  console.log('ready', host.services[0]?.id);
  const error = await host.stopped;
  console.log(error === null ? 'stopped' : `stopped with ${error.message}`);
}

void main();
