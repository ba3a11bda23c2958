import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import info from './schemas/info_response.json';
import ping from './schemas/ping_response.json';
import stats from './schemas/stats_response.json';

const ajv = new Ajv({ strict: false, allErrors: true });
addFormats(ajv);

const validators = { PING: ajv.compile(ping), INFO: ajv.compile(info), STATS: ajv.compile(stats) };

/** What is wrong with a discovery reply by the schemas that NATS tools validate it with; `[]` when nothing is. */
export function schemaViolations(verb: keyof typeof validators, reply: unknown): string[] {
  const validate = validators[verb];
  return validate(reply) ? [] : (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message}`);
}
