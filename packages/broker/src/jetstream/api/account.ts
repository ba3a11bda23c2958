import { API_LEVEL } from '../level';
import type { Handler } from './request';

/** What the account holds, and may hold. */
export const accountInfo: Handler = ({ streams, counts }) => {
  const all = [...streams.values()];
  const bytes = (storage: string): number =>
    all.reduce((sum, { config, log }) => sum + (config.storage === storage ? log.bytes : 0), 0);
  return {
    memory: bytes('memory'),
    storage: bytes('file'),
    reserved_memory: 0,
    reserved_storage: 0,
    streams: all.length,
    consumers: all.reduce((sum, { consumers }) => sum + consumers.size, 0),
    limits: {
      max_memory: -1,
      max_storage: -1,
      max_streams: -1,
      max_consumers: -1,
      max_ack_pending: -1,
      memory_max_stream_bytes: -1,
      storage_max_stream_bytes: -1,
      max_bytes_required: false,
    },
    api: { level: API_LEVEL, total: counts.total - 1, errors: counts.errors },
  };
};
