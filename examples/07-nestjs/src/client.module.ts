import { ServiceClient } from '@natsmith/client';
import { Module, type OnModuleDestroy } from '@nestjs/common';

// #region client
@Module({
  providers: [{ provide: ServiceClient, useFactory: () => ServiceClient.connect() }],
  exports: [ServiceClient],
})
export class ClientModule implements OnModuleDestroy {
  constructor(private readonly client: ServiceClient) {}

  onModuleDestroy(): Promise<void> {
    return this.client.close();
  }
}
// #endregion
