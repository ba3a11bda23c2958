import type { Verb } from '@natsmith/protocol';
import { Ajv, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import info from './schemas/info_response.json';
import ping from './schemas/ping_response.json';
import stats from './schemas/stats_response.json';

const MAX_TOLD = 10;

let validators: Record<Verb, ValidateFunction> | undefined;

/** What is wrong with a discovery reply by the JSON Schemas of NATS, which its tools validate replies with. */
export function schemaProblems(verb: Verb, reply: unknown): string[] {
  validators ??= compile();
  const validate = validators[verb];
  if (validate(reply)) return [];
  return (validate.errors ?? [])
    .slice(0, MAX_TOLD)
    .map(({ instancePath, message }) => `${instancePath || 'the reply'} ${message ?? ''}`);
}

function compile(): Record<Verb, ValidateFunction> {
  const ajv = new Ajv({ strict: false, allErrors: true });
  addFormats(ajv);
  return { PING: ajv.compile(ping), INFO: ajv.compile(info), STATS: ajv.compile(stats) };
}
