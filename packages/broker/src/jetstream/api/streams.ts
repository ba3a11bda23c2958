import { isDeepStrictEqual } from 'node:util';
import { refusals } from '../api-error';
import { readRequest } from '../json';
import { checkStreamConfig, STREAM_FIELDS } from '../stream-config';
import { streamInfo } from '../stream-info';
import { checkUpdate } from '../stream-update';
import { SubjectFilter, subjectsCollide, toBytes } from '../subject-filter';
import type { Stream } from '../stream';
import type { Consumer } from '../consumer';
import { type Account, findStream, type Handler, type Handlers, page } from './request';

const NAMES_LIMIT = 1_024;
const LIST_LIMIT = 256;
const SUBJECTS_LIMIT = 100_000;

const create: Handler = (account, [name], { body }) => {
  const given = readRequest(body, STREAM_FIELDS);
  if (given.name !== name) throw refusals.streamMismatch();
  const config = checkStreamConfig(given);
  const before = account.streams.get(config.name);
  if (before && !isDeepStrictEqual(before.config, config)) throw refusals.streamNameInUse();
  const stream = before ?? account.create(config);
  return { ...streamInfo(stream, true), did_create: true };
};

const update: Handler = (account, [name], { body }) => {
  const given = readRequest(body, STREAM_FIELDS);
  if (given.name !== name) throw refusals.streamMismatch();
  const stream = findStream(account, name);
  const config = checkUpdate(stream.config, checkStreamConfig(given));
  account.checkOverlap(config);
  stream.update(config);
  return streamInfo(stream, true);
};

const info: Handler = (account, [name], { body }) => {
  const stream = findStream(account, name);
  const asked = readRequest(body, { offset: 'integer', deleted_details: 'boolean', subjects_filter: 'string' });
  const { subjects_filter: filter } = asked as { subjects_filter?: string };
  let paging: object = { total: 0, offset: 0, limit: 0 };
  let subjects: [string, number][] | undefined;
  if (filter !== undefined && filter !== '') {
    const wanted = new SubjectFilter([toBytes(filter)]);
    const all = [...stream.log.subjects].filter((subject) => wanted.takes(subject)).sort();
    const { entries, ...rest } = page(all, asked.offset, SUBJECTS_LIMIT);
    paging = rest;
    subjects = entries.map((subject) => [subject, stream.log.countOf(subject)]);
  }
  const details = { subjects, deleted: asked.deleted_details === true };
  return { ...paging, ...streamInfo(stream, true, details) };
};

const names: Handler = (account, _, { body }) => {
  const asked = readRequest(body, { offset: 'integer', subject: 'string' });
  const { entries, ...paging } = page(capturing(account, asked.subject), asked.offset, NAMES_LIMIT);
  return { ...paging, streams: entries.length === 0 ? null : entries.map(({ config }) => config.name) };
};

const list: Handler = (account, _, { body }) => {
  const asked = readRequest(body, { offset: 'integer', subject: 'string' });
  const { entries, ...paging } = page(capturing(account, asked.subject), asked.offset, LIST_LIMIT);
  return { ...paging, streams: entries.map((stream) => streamInfo(stream, false)) };
};

const remove: Handler = (account, [name], { body }) => {
  if (body.length > 0) throw refusals.notEmpty();
  account.delete(findStream(account, name));
  return { success: true };
};

const purge: Handler = (account, [name], { body }) => {
  const stream = findStream(account, name);
  if (stream.config.sealed || stream.config.deny_purge) throw refusals.streamPurgeDenied();
  const asked = readRequest(body, { seq: 'sequence', filter: 'string', keep: 'sequence' }) as Purge;
  if (asked.seq && asked.keep) throw refusals.badRequest();
  const filter = new SubjectFilter(asked.filter ? [toBytes(asked.filter)] : []);
  const purged = stream.purge(filter, { below: asked.seq || undefined, keep: asked.keep ?? 0 });
  if (asked.seq && !asked.filter && stream.log.count === 0) stream.log.skipTo(asked.seq);
  for (const consumer of stream.consumers.values()) consumer.purged();
  return { success: true, purged };
};

interface Purge {
  readonly seq?: number;
  readonly filter?: string;
  readonly keep?: number;
}

/** The streams in order of their names; with a subject those that could take a message on it. */
function capturing({ streams }: Account, subject: unknown): Stream<Consumer>[] {
  const all = [...streams.values()].sort((a, b) => (a.config.name < b.config.name ? -1 : 1));
  if (typeof subject !== 'string' || subject === '') return all;
  return all.filter(({ config }) => config.subjects.some((own) => subjectsCollide(own, subject)));
}

/** What is asked of streams, by its subject. */
export const streamHandlers: Handlers = {
  'STREAM.CREATE': ['stream_create', create],
  'STREAM.UPDATE': ['stream_update', update],
  'STREAM.INFO': ['stream_info', info, { total: 0, offset: 0, limit: 0 }],
  'STREAM.NAMES': ['stream_names', names],
  'STREAM.LIST': ['stream_list', list],
  'STREAM.DELETE': ['stream_delete', remove],
  'STREAM.PURGE': ['stream_purge', purge, { purged: 0 }],
};
