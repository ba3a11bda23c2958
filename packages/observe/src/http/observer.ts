import type { ListenOptions } from './listen-options';
import { PageServer, type Pages } from './page-server';

/** An HTTP server of natsmith that runs. */
export interface Observer extends AsyncDisposable {
  readonly port: number;
  /** Such as `http://127.0.0.1:9464`. */
  readonly url: string;
  /** Serves no longer; what is being answered has half a second to end. */
  close(): Promise<void>;
}

/** What is done when something happens to a server. */
export interface Reactions {
  /** Called once, when it begins to close. */
  onClose?(): void;
  /** Called with what a page throws. */
  onError(error: unknown, path: string): void;
}

export async function serve(pages: Pages, where: Required<ListenOptions>, reactions: Reactions): Promise<Observer> {
  const server = await PageServer.listen(pages, where, (error, path) => reactions.onError(error, path));
  const { port } = server;
  const { hostname } = where;
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    if (closed === undefined) reactions.onClose?.();
    return (closed ??= server.close());
  };
  const url = `http://${hostname.includes(':') ? `[${hostname}]` : hostname}:${port}`;
  return { port, url, close, [Symbol.asyncDispose]: close };
}
