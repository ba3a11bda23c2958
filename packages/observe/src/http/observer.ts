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

/** @param onClose called once, when it begins to close */
export async function serve(pages: Pages, where: Required<ListenOptions>, onClose: () => void): Promise<Observer> {
  const server = await PageServer.listen(pages, where);
  const { port } = server;
  const { hostname } = where;
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    if (closed === undefined) onClose();
    return (closed ??= server.close());
  };
  const url = `http://${hostname.includes(':') ? `[${hostname}]` : hostname}:${port}`;
  return { port, url, close, [Symbol.asyncDispose]: close };
}
