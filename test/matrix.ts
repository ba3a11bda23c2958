import * as nats3 from '@nats-io/transport-node';
import { version as nats3Version } from '@nats-io/transport-node/package.json';
import {
  type ServerKind,
  type ServerOptions,
  type TestServer,
  findNatsServer,
  natsServerVersion,
  startServer,
} from '@natsmith/testing';
import * as nats2 from 'nats';
import { version as nats2Version } from 'nats/package.json';
import { lt } from 'semver';
import { type Connection, type Headers } from './connection';

/** Options that both client libraries understand; `servers` defaults to the suite's server. */
export type ConnectOptions = Omit<nats2.ConnectionOptions, 'authenticator' | 'tls' | 'resolve'>;

/** A client library, as far as both are alike. */
export interface ClientLibrary {
  /** As in the test report, such as `nats 2.29.3`. */
  readonly name: string;
  connect(options?: ConnectOptions): Promise<Connection>;
  headers(): Headers;
}

/** A client library on the server of a block; what it connected is closed after each test. */
export type TestClient = ClientLibrary;

const HOW_TO_GET_ONE = 'no nats-server found: put one on PATH or name it in NATS_SERVER';
const everyKind: ServerKind[] = ['nats-server', 'broker'];
const everyLibrary: readonly ClientLibrary[] = [
  { name: `nats ${nats2Version}`, connect: nats2.connect, headers: nats2.headers },
  { name: `@nats-io/transport-node ${nats3Version}`, connect: nats3.connect, headers: nats3.headers },
];

/** Whether suites run on both kinds of server and with both client libraries, as in CI, or with one of each. */
export const isWholeMatrix = matrix() === 'whole';

const natsServer = versionOf(findNatsServer());
const kinds = isWholeMatrix ? everyKind : ([natsServer === undefined ? 'broker' : 'nats-server'] as const);
/** The client libraries of the matrix. */
export const clientLibraries = isWholeMatrix ? everyLibrary : everyLibrary.slice(0, 1);

/**
 * Describes the same behaviour on each server of the matrix, started for its block and stopped after it.
 * @param since the version of nats-server that has it: an older one is skipped
 */
export function onEachServer(
  describeOn: (server: TestServer) => void,
  options?: ServerOptions,
  since = sinceOf(options),
): void {
  for (const kind of kinds) describeServer(kind, titleOf(kind), () => describeOn(useServer(kind, options)), since);
}

/** Describes the same behaviour for each kind of server of the matrix, for suites that start, stop and kill servers themselves. */
export function onEachServerKind(title: string, describeOn: (kind: ServerKind) => void): void {
  for (const kind of kinds) describeServer(kind, `${title}: ${titleOf(kind)}`, () => describeOn(kind));
}

/** The same once more for each client library of the matrix, in blocks that are named as their server × their client. */
export function onEachServerAndClient(
  describeOn: (server: TestServer, client: TestClient) => void,
  options?: ServerOptions,
  since = sinceOf(options),
): void {
  for (const kind of kinds) {
    for (const library of clientLibraries) {
      const describeBlock = (): void => {
        const server = useServer(kind, options);
        describeOn(server, useClient(server, library));
      };
      describeServer(kind, `${titleOf(kind)} × ${library.name}`, describeBlock, since);
    }
  }
}

/** Suites that speak of JetStream use what nats-server has since 2.12: ages and times of single messages. */
function sinceOf(options: ServerOptions | undefined): string | undefined {
  return options?.jetstream === undefined ? undefined : '2.12.0';
}

/**
 * The same behaviour of JetStream on each server of the matrix, with each client library.
 * @param since the version of nats-server that has it: an older one is skipped
 */
export function onEachJetStream(describeOn: (server: TestServer, client: TestClient) => void, since = '2.10.0'): void {
  onEachServerAndClient(describeOn, { jetstream: true }, since);
}

/** Whether there is a nats-server, and it does not have yet what came with a version. */
export function natsServerIsOlderThan(version: string | undefined): boolean {
  return natsServer !== undefined && version !== undefined && lt(natsServer.version, version);
}

/** `it`, for a test that needs a newer nats-server than its block: it is skipped on an older one. */
export function itSince(server: Pick<TestServer, 'kind'>, version: string): jest.It {
  return server.kind === 'nats-server' && natsServerIsOlderThan(version) ? it.skip : it;
}

/** A block that takes long, such as one that installs packages: it runs with the whole matrix only. */
export function describeWithWholeMatrix(title: string, body: () => void): void {
  if (isWholeMatrix) describe(title, body);
  else describe.skip(`${title} (with NATSMITH_MATRIX=whole)`, body);
}

/**
 * A block that needs a real nats-server: skipped where there is none, except under CI, where that is a failure.
 * @param since the version of nats-server that has what it needs: an older one is skipped
 */
export function describeWithNatsServer(title: string, body: () => void, since?: string): void {
  describeServer('nats-server', title, body, since);
}

function versionOf(binary: string | undefined): { readonly version: string } | undefined {
  return binary === undefined ? undefined : { version: natsServerVersion(binary) };
}

function matrix(): string {
  const { NATSMITH_MATRIX, CI } = process.env;
  if (NATSMITH_MATRIX === undefined || NATSMITH_MATRIX === '') return CI ? 'whole' : 'local';
  if (NATSMITH_MATRIX === 'whole' || NATSMITH_MATRIX === 'local') return NATSMITH_MATRIX;
  throw new Error(`NATSMITH_MATRIX must be "whole" or "local", got "${NATSMITH_MATRIX}"`);
}

/** @param since the version of nats-server that has it: on an older one the block is skipped */
function describeServer(kind: ServerKind, title: string, body: () => void, since?: string): void {
  if (kind === 'nats-server' && natsServerIsOlderThan(since)) {
    describe.skip(`${title} (needs ${since})`, () => it('is skipped', () => undefined));
    return;
  }
  if (kind === 'broker' || natsServer !== undefined) {
    describe(title, body);
  } else if (process.env.CI) {
    it(`${title} has a nats-server`, () => {
      throw new Error(HOW_TO_GET_ONE);
    });
  } else {
    describe.skip(`${title} (${HOW_TO_GET_ONE})`, body);
  }
}

function titleOf(kind: ServerKind): string {
  return kind === 'broker' || natsServer === undefined ? kind : `${kind} ${natsServer.version}`;
}

/** A server for the tests of a block. Blocks are described before any server runs: this stands for the one of beforeAll. */
export function useServer(kind: ServerKind, options?: ServerOptions): TestServer {
  let server: TestServer | undefined;
  const started = (): TestServer => {
    if (!server) throw new Error('the server of this block runs from beforeAll on: use it inside a test or a hook');
    return server;
  };
  beforeAll(async () => {
    server = await startServer(kind, options);
  });
  afterAll(() => server?.stop());
  return {
    kind,
    get url() {
      return started().url;
    },
    get port() {
      return started().port;
    },
    stop: () => started().stop(),
    kill: () => started().kill(),
    restart: () => started().restart(),
    [Symbol.asyncDispose]: () => started().stop(),
  };
}

function useClient(server: TestServer, library: ClientLibrary): TestClient {
  const open: Connection[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((connection) => connection.close()));
  });
  return {
    name: library.name,
    headers: () => library.headers(),
    async connect(options) {
      const connection = await library.connect({ servers: server.url, ...options });
      open.push(connection);
      return connection;
    },
  };
}
