import { Service } from '@natsmith/core';
import { Orders } from './orders/orders.group';

/** Its endpoints are those of its groups. */
@Service({ name: 'shop', version: '1.0.0', description: 'Takes orders', groups: [Orders] })
export class Shop {}
