import { Endpoint, Service } from '@natsmith/core';
import { Fields, Operands, Order, quantityOf, sumOfFields } from './payloads';
import { many } from './many-natsmith';
import { subject } from './process';

const service = { name: 'bench', version: '1.0.0' };

@Service(service)
class Validated {
  @Endpoint({ subject }) add({ a, b }: Operands): number {
    return a + b;
  }
}

@Service(service)
class ManyFields {
  @Endpoint({ subject }) sum(fields: Fields): number {
    return sumOfFields(fields);
  }
}

@Service(service)
class Nested {
  @Endpoint({ subject }) total(order: Order): number {
    return quantityOf(order);
  }
}

export const classes: Record<string, () => readonly (new () => object)[]> = {
  validated: () => [Validated],
  fields: () => [ManyFields],
  nested: () => [Nested],
  'many-validated': () => [many(Operands)],
};
