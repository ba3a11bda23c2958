import { refusals } from './api-error';
import type { StreamConfig } from './stream-config';

/** Throws for what cannot be changed, and gives the configuration that results. */
export function checkUpdate(before: StreamConfig, after: StreamConfig): StreamConfig {
  const refuse = (text: string): never => {
    throw refusals.invalidConfig(text);
  };
  if (after.storage !== before.storage) refuse('stream configuration update can not change storage type');
  if (after.retention !== before.retention && [after.retention, before.retention].includes('workqueue'))
    refuse('stream configuration update can not change retention policy to/from workqueue');
  if (before.sealed && !after.sealed) refuse('stream configuration update can not unseal a sealed stream');
  if (before.deny_delete && !after.deny_delete)
    refuse('stream configuration update can not cancel deny message deletes');
  if (before.deny_purge && !after.deny_purge) refuse('stream configuration update can not cancel deny purge');
  if (before.allow_msg_ttl && !after.allow_msg_ttl) refuse('message TTL status can not be disabled');
  if (before.allow_msg_schedules && !after.allow_msg_schedules) refuse('message schedules can not be disabled');
  if (!after.sealed) return after;
  return {
    ...after,
    max_age: 0,
    discard: 'new',
    deny_delete: true,
    deny_purge: true,
    allow_rollup_hdrs: false,
  };
}
