import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { basename } from 'node:path';
import { type PackedPackage } from './packages';

/** A package registry as it is after publishing: it has these packages, and sends to the real one for all others. */
export class Registry implements AsyncDisposable {
  /** What was asked for and is ours, as `GET /name`. */
  readonly served: string[] = [];

  private constructor(private readonly server: Server) {}

  static async start(packages: readonly PackedPackage[]): Promise<Registry> {
    const upstream = execFileSync('npm', ['config', 'get', 'registry'], { encoding: 'utf8' }).trim();
    const server = createServer();
    const registry = new Registry(server);
    server.on('request', (request, response) => {
      const path = decodeURIComponent(request.url ?? '/');
      const described = packages.find(({ name }) => path === `/${name}`);
      const archive = packages.find((each) => path === archivePath(each));
      if (described ?? archive) registry.served.push(path);
      // The next run may have the same port, and other packages.
      response.setHeader('cache-control', 'no-store');
      if (described) response.setHeader('content-type', 'application/json').end(registry.describe(described));
      else if (archive) response.end(readFileSync(archive.path));
      else response.writeHead(302, { location: new URL((request.url ?? '/').slice(1), upstream).href }).end();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return registry;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  private describe(each: PackedPackage): string {
    const { name, version, integrity, manifest } = each;
    const dist = { tarball: this.url + archivePath(each), integrity };
    return JSON.stringify({
      name,
      'dist-tags': { latest: version },
      versions: { [version]: { ...manifest, _id: `${name}@${version}`, dist } },
    });
  }
}

function archivePath({ name, path }: PackedPackage): string {
  return `/${name}/-/${basename(path)}`;
}
