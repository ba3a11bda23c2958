/** Where an HTTP server listens. */
export interface ListenOptions {
  /** Port of the HTTP server; 0 for any that is free. */
  port?: number;
  /** The interface that it listens on; default `127.0.0.1`. `'0.0.0.0'` or `'::'` is every one of the machine. */
  hostname?: string;
}

const LOOPBACK = '127.0.0.1';
const MAX_PORT = 65_535;

/** @throws TypeError for options that cannot be; `who` says whose they are */
export function checkedListenOptions(
  options: ListenOptions,
  who: string,
  defaultPort: number,
): Required<ListenOptions> {
  const { port = defaultPort, hostname = LOOPBACK, ...others } = options;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw new TypeError(`${who} has no option "${unknown}"; there are port and hostname`);
  if (!Number.isInteger(port) || port < 0 || port > MAX_PORT)
    throw new TypeError(`port must be a whole number from 0 to ${MAX_PORT}, got ${String(port)}`);
  // An empty one would be every interface.
  if (typeof hostname !== 'string' || hostname === '')
    throw new TypeError(
      `hostname must be an address such as "127.0.0.1" or "0.0.0.0", got ${String(hostname) || '""'}`,
    );
  return { port, hostname };
}
