import 'reflect-metadata';
import { plainToInstance } from 'class-transformer';
import { IsNumber, validateSync } from 'class-validator';

class Operands {
  @IsNumber() a!: number;
  @IsNumber() b!: number;
}

export function handle(value: unknown): number {
  const operands = plainToInstance(Operands, value);
  if (validateSync(operands, { whitelist: true }).length > 0) throw new Error('invalid');
  return operands.a + operands.b;
}
