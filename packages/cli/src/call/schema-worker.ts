// Runs in a thread of its own, which is ended when it takes too long: a schema comes from the network, and one pattern
// such as (a+)+$ is enough to block a thread for ever.
import { parentPort } from 'node:worker_threads';
import { Ajv2020, type ErrorObject } from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import { harmless, shortened } from '../output/harmless';
import type { Question, Verdict } from './schema-check';

/** Problems that are shown, and characters of each. */
const MAX_PROBLEMS = 20;
const MAX_LENGTH = 300;

parentPort?.on('message', ({ schema, value }: Question) => parentPort?.postMessage(verdictOn(schema, value)));

function verdictOn(schema: string, value: unknown): Verdict {
  try {
    const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: true, logger: false });
    addFormats(ajv);
    const validate = ajv.compile(JSON.parse(schema) as object);
    // Ajv's own keyword, no JSON Schema: what such a schema says would be a promise, and any promise is a yes.
    if ('$async' in validate) return { unusable: 'it has the keyword "$async"' };
    if (validate(value)) return { problems: [] };
    const problems = telling(validate.errors ?? []).map((error) => shortened(harmless(describe(error)), MAX_LENGTH));
    const more = problems.length - MAX_PROBLEMS;
    return { problems: more > 0 ? [...problems.slice(0, MAX_PROBLEMS), `and ${more} more`] : problems };
  } catch (error) {
    return { unusable: shortened(harmless((error as Error).message), MAX_LENGTH) };
  }
}

/** Where one of several schemas must match, what each of them says but "null" is more than that none does. */
function telling(errors: readonly ErrorObject[]): readonly ErrorObject[] {
  const isChoice = ({ keyword, params }: ErrorObject): boolean =>
    keyword === 'anyOf' || keyword === 'oneOf' || (keyword === 'type' && params.type === 'null');
  const rest = errors.filter((error) => !isChoice(error));
  return rest.length > 0 ? rest : errors;
}

function describe({ instancePath, message, params }: ErrorObject): string {
  const where = instancePath === '' ? 'the payload' : instancePath.slice(1).replaceAll('/', '.');
  const allowed = 'allowedValues' in params ? `: ${listed(params.allowedValues as unknown[])}` : '';
  const extra = 'additionalProperty' in params ? `: ${String(params.additionalProperty)}` : '';
  return `${where} ${message ?? 'is wrong'}${allowed}${extra}`;
}

function listed(values: readonly unknown[]): string {
  return values
    .slice(0, MAX_PROBLEMS)
    .map((value) => JSON.stringify(value))
    .concat(values.length > MAX_PROBLEMS ? `and ${values.length - MAX_PROBLEMS} more` : [])
    .join(', ');
}
