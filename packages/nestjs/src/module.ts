import {
  ConfigurableModuleBuilder,
  Inject,
  Injectable,
  Module,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import {
  NatsServiceFactory,
  type Class,
  type Connection,
  type FactoryOptions,
  type NatsServiceHost,
} from '@natsmith/core';
import { nestLogger } from './logger';

/** What `NatsmithModule.forRoot` takes: the services, and the options of `NatsServiceFactory.create`. */
export interface NatsmithModuleOptions extends Omit<FactoryOptions<Connection>, 'container'> {
  /** Service classes, each a provider of a module, as are the groups that they mount. */
  services: readonly Class[];
}

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } = new ConfigurableModuleBuilder<NatsmithModuleOptions>()
  .setClassMethodName('forRoot')
  .build();

/** The services that run in a Nest application, from its bootstrap to its end. */
@Injectable()
export class NatsmithServices implements OnApplicationBootstrap, OnModuleDestroy {
  private running: NatsServiceHost<Connection> | undefined;

  constructor(
    @Inject(MODULE_OPTIONS_TOKEN) private readonly options: NatsmithModuleOptions,
    @Inject(ModuleRef) private readonly modules: ModuleRef,
  ) {}

  /** The host of the services. @throws Error before the application has bootstrapped */
  get host(): NatsServiceHost<Connection> {
    if (this.running === undefined)
      throw new Error('the services run once the application has bootstrapped: await app.init() or app.listen() first');
    return this.running;
  }

  /** @internal */
  async onApplicationBootstrap(): Promise<void> {
    const { services, ...options } = this.options;
    this.running = await NatsServiceFactory.create(services, {
      logger: nestLogger(),
      // They are the application's: enableShutdownHooks() stops it, and these with it.
      signals: false,
      ...options,
      container: { get: (target) => this.provider(target) },
    });
  }

  /** @internal */
  async onModuleDestroy(): Promise<void> {
    await this.running?.stop();
  }

  private provider<T>(target: new (...args: never[]) => T): T {
    try {
      return this.modules.get<T>(target, { strict: false });
    } catch (cause) {
      throw new Error(`Nest has no ${target.name}: add it to the "providers" of a module, in the default scope`, {
        cause,
      });
    }
  }
}

/**
 * Runs natsmith services in a Nest application: their instances are its providers, they start when it has bootstrapped
 * and stop when it is closed. Import it last, so that services stop before what they use.
 */
@Module({ providers: [NatsmithServices], exports: [NatsmithServices] })
export class NatsmithModule extends ConfigurableModuleClass {}
