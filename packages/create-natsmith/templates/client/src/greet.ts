import { ServiceError, TimeoutError, type ServiceClient } from '@natsmith/client';
import type { Greeter } from './greeter';

/** What the greeter says to somebody, or why it says nothing. */
export async function greet(client: ServiceClient, name: string): Promise<string> {
  try {
    // Any running version 1; the subject comes from discovery.
    const greeter = await client.service<Greeter>('greeter', { version: '^1.0.0' });
    return await greeter.hello({ name }, { timeout: 2000 });
  } catch (error) {
    if (error instanceof ServiceError) return `no greeting: ${error.code} ${error.description}`;
    if (error instanceof TimeoutError) return 'no greeting within 2 seconds';
    throw error;
  }
}
