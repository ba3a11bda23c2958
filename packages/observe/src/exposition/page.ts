import type { Page } from '../http/page-server';
import { Turns } from '../turns';
import { formatFor, type Format } from './format';
import type { Family } from './metric';
import { write } from './write';

/**
 * The page `/metrics`, in the format that a request asks for. The numbers are read once for all who ask at the same time,
 * and written once for each format.
 */
export function metricsPage(collect: () => Promise<readonly Family[]>): (accept: string | undefined) => Promise<Page> {
  const turns = new Turns(async () => {
    const families = await collect();
    const bodies = new Map<Format, Buffer>();
    return (format: Format): Buffer => {
      let body = bodies.get(format);
      if (body === undefined) bodies.set(format, (body = Buffer.from(write(families, format))));
      return body;
    };
  });
  return async (accept) => {
    const format = formatFor(accept);
    const bodyIn = await turns.take();
    return { status: 200, contentType: format.contentType, body: bodyIn(format) };
  };
}
