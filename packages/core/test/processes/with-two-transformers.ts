import { describeServices, Endpoint, Service, type Class } from '@natsmith/core';
import * as own from 'class-transformer';
import { IsInt, IsOptional, ValidateNested } from 'class-validator';

/* eslint-disable-next-line @typescript-eslint/no-require-imports -- another copy, whose path the test knows */
const other = require(process.env['OTHER_TRANSFORMER'] ?? '') as typeof own;

class Untouched {
  @IsInt() n!: number;
}

class Known {
  @IsInt() @own.Exclude() n!: number;
}

class Excluding {
  @IsInt() n!: number;
  @IsOptional() @IsInt() @other.Exclude() secret?: number;
}

class Inheriting extends Excluding {
  @IsInt() more!: number;
}

class Nesting {
  @ValidateNested() @own.Type(() => Excluding) inner!: Excluding;
}

class Typing {
  @ValidateNested() @other.Type(() => Known) inner!: Known;
}

/** Writes what is wrong with a service for each payload class. */
for (const request of [Untouched, Known, Excluding, Inheriting, Nesting, Typing] as Class[]) {
  @Service({ name: 'copies', version: '1.0.0' })
  class Copies {
    @Endpoint({ request }) take(): void {
      return;
    }
  }
  try {
    describeServices(Copies);
    console.log(`${request.name}: fine`);
  } catch (error) {
    console.log(`${request.name}: ${(error as Error).message}`);
  }
}
