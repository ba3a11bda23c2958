import { NatsmithModule, nestReplies } from '@natsmith/nestjs';
import { Module } from '@nestjs/common';
import { ClientModule } from './client.module';
import { Customers } from './customers.controller';
import { Orders } from './orders.service';

// #region module
@Module({
  imports: [
    ClientModule,
    // The last one: services stop before what they use.
    NatsmithModule.forRoot({ services: [Orders], use: [nestReplies] }),
  ],
  controllers: [Customers],
  providers: [Orders],
})
export class AppModule {}
// #endregion
