import { headerOf } from './headers';
import { formatDuration } from './time-format';

/** Whether the headers are those of a marker, which says that a subject has nothing any more. */
export function isMarker(headers: string): boolean {
  return Boolean(headerOf(headers, 'Nats-Marker-Reason')) || headerOf(headers, 'KV-Operation') === 'PURGE';
}

/** The headers of the marker that stands for a message whose time is over. @param ttl seconds that it stays */
export function markerHeaders(ttl: number): string {
  return `NATS/1.0\r\nNats-Marker-Reason: MaxAge\r\nNats-TTL: ${formatDuration(ttl * 1000)}\r\nNats-Rollup: sub\r\n\r\n`;
}
