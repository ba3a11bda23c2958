import { Expose, Transform } from 'class-transformer';
import { IsNumber, IsOptional, IsString } from 'class-validator';

/** A payload class as class-validator needs it: compiled with experimental decorators. */
export class Operands {
  @IsNumber() a!: number;
  @IsNumber() @Expose({ name: 'bee' }) b!: number;
  @IsOptional() @IsString() @Transform(({ value }) => String(value).trim()) note?: string;
}
