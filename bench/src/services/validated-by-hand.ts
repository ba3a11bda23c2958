import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { Fields, Operands, Order, quantityOf, sumOfFields } from './payloads';

function validated<T extends object>(type: new () => T, value: unknown): T {
  const instance = plainToInstance(type, value);
  if (validateSync(instance, { whitelist: true }).length > 0) throw new Error('invalid');
  return instance;
}

export const handlers: Record<string, (value: unknown) => number> = {
  validated(value) {
    const { a, b } = validated(Operands, value);
    return a + b;
  },
  fields: (value) => sumOfFields(validated(Fields, value)),
  nested: (value) => quantityOf(validated(Order, value)),
};
