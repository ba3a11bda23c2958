import type { InfoResponse, PingResponse, StatsResponse } from '@natsmith/core';
import Table from 'cli-table3';
import type { NatsConnection } from 'nats';

/** Prints what one instance answers on the subjects that every NATS service listens on. */
export async function showDiscovery(connection: NatsConnection, name: string, id: string): Promise<void> {
  const ask = async <Reply>(verb: 'PING' | 'INFO' | 'STATS'): Promise<Reply> => {
    const subject = `$SRV.${verb}.${name}.${id}`;
    console.log(`\n${subject}`);
    return (await connection.request(subject)).json<Reply>();
  };

  const ping = await ask<PingResponse>('PING');
  print(['name', 'version', 'id'], [[ping.name, ping.version, ping.id]]);

  const info = await ask<InfoResponse>('INFO');
  print(
    ['endpoint', 'subject', 'queue group', 'takes', 'gives'],
    info.endpoints.map((endpoint) => {
      const { request_schema: takes, response_schema: gives } = endpoint.metadata;
      return [endpoint.name, endpoint.subject, endpoint.queue_group, typeOf(takes), typeOf(gives)];
    }),
  );

  const stats = await ask<StatsResponse>('STATS');
  print(
    ['endpoint', 'requests', 'errors', 'average', 'last error'],
    stats.endpoints.map((endpoint) => [
      endpoint.name,
      String(endpoint.num_requests),
      String(endpoint.num_errors),
      `${(endpoint.average_processing_time / 1e6).toFixed(2)} ms`,
      endpoint.last_error,
    ]),
  );
}

function print(head: string[], rows: string[][]): void {
  const table = new Table({ head, style: { head: [], border: [] } });
  table.push(...rows);
  console.log(table.toString());
}

/** A JSON Schema in a few words. */
function typeOf(schema: string | undefined): string {
  if (schema === undefined) return '';
  const { type, properties } = JSON.parse(schema) as { type: string; properties?: Record<string, { type: string }> };
  if (properties === undefined) return type;
  return Object.entries(properties)
    .map(([name, property]) => `${name}: ${property.type}`)
    .join(', ');
}
