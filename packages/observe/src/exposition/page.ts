import type { Page } from '../http/page-server';
import { Turns } from '../turns';
import { formatFor, type Format } from './format';
import type { Family } from './metric';
import { write } from './write';

/** Milliseconds; what is asked for and does not come must not hold up the requests that follow. */
const PATIENCE = 8_000;

/**
 * The page `/metrics`, in the format that a request asks for. The numbers are read once for all who ask at the same time,
 * and written once for each format.
 */
export function metricsPage(collect: () => Promise<readonly Family[]>): (accept: string | undefined) => Promise<Page> {
  const turns = new Turns(async () => {
    const families = await inTime(collect());
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

async function inTime<T>(asked: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no metrics within ${PATIENCE / 1000} s`)), PATIENCE).unref();
  });
  try {
    return await Promise.race([asked, late]);
  } finally {
    clearTimeout(timer);
  }
}
