import type { ServiceClient } from '@natsmith/client';

/** All services that run, each with its endpoints, as lines for people. */
export async function listServices(client: ServiceClient): Promise<string[]> {
  const services = await client.info();
  return services.map(({ name, version, id, endpoints }) => {
    const subjects = endpoints.map((endpoint) => endpoint.subject);
    return `${name} ${version} (${id}): ${subjects.join(', ')}`;
  });
}
