import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Connections } from './connections';
import type { ListenOptions } from './listen-options';

/** What a path answers. */
export interface Page {
  readonly status: number;
  readonly contentType: string;
  readonly body: Buffer;
}

/** Makes the page of a path; `accept` is the header of the request. */
export type MakePage = (accept: string | undefined) => Page | Promise<Page>;
export type Pages = ReadonlyMap<string, MakePage>;

const TEXT = 'text/plain; charset=utf-8';
const MAX_HEADER_BYTES = 8 * 1024;
/** Milliseconds that a client may take to send its request. */
const REQUEST_PATIENCE = 5_000;
/** Milliseconds from a request until its answer has been made and read. */
const ANSWER_PATIENCE = 10_000;
const CLOSE_GRACE = 500;

/**
 * Serves a few pages to GET and HEAD, and nothing else to anybody: what is slow, large, pipelined or has a body is cut
 * off, and however many connect, the latest are served.
 */
export class PageServer {
  private readonly server: Server;
  private readonly connections: Connections;
  private closing: Promise<void> | undefined;

  private constructor(
    private readonly pages: Pages,
    private readonly onError: (error: unknown, path: string) => void,
  ) {
    this.server = createServer(
      {
        maxHeaderSize: MAX_HEADER_BYTES,
        headersTimeout: REQUEST_PATIENCE,
        requestTimeout: REQUEST_PATIENCE,
        keepAliveTimeout: REQUEST_PATIENCE,
        connectionsCheckingInterval: REQUEST_PATIENCE / 5,
      },
      (request, response) => void this.answer(request, response),
    );
    this.connections = new Connections(this.server, ANSWER_PATIENCE);
    // Such as no file descriptors left for another connection: it is the service that is to live.
    this.server.on('error', () => undefined);
  }

  /**
   * Resolves when it listens.
   * @param onError called with what a page throws: whoever asked for it is not told
   * @throws Error that says what to do, when it cannot
   */
  static async listen(
    pages: Pages,
    { port, hostname }: Required<ListenOptions>,
    onError: (error: unknown, path: string) => void,
  ): Promise<PageServer> {
    const pageServer = new PageServer(pages, onError);
    const { server } = pageServer;
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause: NodeJS.ErrnoException) => reject(listenError(cause, port, hostname)));
      server.listen(port, hostname, resolve);
    });
    return pageServer;
  }

  get port(): number {
    return (this.server.address() as AddressInfo | null)?.port ?? 0;
  }

  /** Takes nothing new; what is being answered has half a second to end. */
  close(): Promise<void> {
    this.closing ??= new Promise((resolve) => {
      const timer = setTimeout(() => this.server.closeAllConnections(), CLOSE_GRACE);
      this.server.close(() => {
        clearTimeout(timer);
        resolve();
      });
      this.connections.closeIdle();
    });
    return this.closing;
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // Answers that nobody reads yet would pile up.
    if (!this.connections.begin(request.socket)) return void request.socket.destroy();
    response.once('close', () => this.connections.end(request.socket));
    const refusal = refusalOf(request);
    const page = refusal ?? (await this.pageOf(request));
    if (request.socket.destroyed) return;
    if (refusal !== undefined || this.closing !== undefined) response.setHeader('Connection', 'close');
    if (page.status === 405) response.setHeader('Allow', 'GET, HEAD');
    response.writeHead(page.status, {
      'Content-Type': page.contentType,
      'Content-Length': page.body.length,
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
    });
    response.end(request.method === 'HEAD' ? undefined : page.body);
  }

  private async pageOf({ url = '', headers }: IncomingMessage): Promise<Page> {
    const [path = ''] = url.split('?', 1);
    const page = this.pages.get(path);
    if (page === undefined) return textPage(404, `there is ${[...this.pages.keys()].join(', ')}`);
    try {
      return await page(headers.accept);
    } catch (error) {
      this.onError(error, path);
      return textPage(500, `${path} failed; the log of this process says why`);
    }
  }
}

/** A page of plain text. */
export function textPage(status: number, text: string): Page {
  return { status, contentType: TEXT, body: Buffer.from(`${text}\n`) };
}

function refusalOf({ method, headers }: IncomingMessage): Page | undefined {
  if (method !== 'GET' && method !== 'HEAD') return textPage(405, 'only GET and HEAD');
  const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
  return hasBody ? textPage(400, 'a request here has no body') : undefined;
}

function listenError(cause: NodeJS.ErrnoException, port: number, hostname: string): Error {
  const where = `${hostname}:${port}`;
  if (cause.code === 'EADDRINUSE') return new Error(`${where} is in use; choose another port`, { cause });
  if (cause.code === 'EACCES')
    return new Error(`${where} is not allowed to this user; choose a port above 1023`, { cause });
  if (cause.code === 'EADDRNOTAVAIL' || cause.code === 'ENOTFOUND')
    return new Error(`"${hostname}" is not an address of this machine; choose another hostname`, { cause });
  return new Error(`cannot listen on ${where}: ${cause.message}`, { cause });
}
