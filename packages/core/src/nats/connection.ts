export { isConnection, type Connection, type Subscription } from '@natsmith/protocol';
