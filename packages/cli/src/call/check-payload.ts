import type { EndpointInfo } from '@natsmith/client';
import { Ajv2020, type ErrorObject } from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import { wrongUse } from '../exit';
import { note } from '../output/output';
import { shapeOf } from '../output/schema-shape';

/** Holds a payload against what INFO says that the endpoint takes. @throws Failure 2 that names the fields that are wrong */
export function checkPayload({ name, metadata }: EndpointInfo, payload: unknown): void {
  const text = metadata.request_schema;
  if (text === undefined) return;
  if (payload === undefined)
    throw wrongUse(`endpoint "${name}" needs a payload: it takes ${shapeOf(text)}; --no-check calls it without one`);
  const validate = compile(name, text);
  if (validate === undefined || validate(payload)) return;
  const problems = telling(validate.errors ?? []).map((error) => `\n  ${describe(error)}`);
  throw wrongUse(
    `the payload is not what endpoint "${name}" takes:${problems.join('')}\n` +
      `it takes ${shapeOf(text)}; --no-check sends the payload all the same`,
  );
}

/** The problems of a payload by a schema that is given as text; undefined where the schema cannot be used. */
export function isValid(schema: string, payload: unknown): boolean | undefined {
  return compile('', schema)?.(payload);
}

function compile(name: string, text: string) {
  try {
    const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: true });
    addFormats(ajv);
    return ajv.compile(JSON.parse(text) as object);
  } catch (error) {
    if (name !== '')
      note(`the payload is not checked: the schema of endpoint "${name}" cannot be used (${(error as Error).message})`);
    return undefined;
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
  const allowed =
    'allowedValues' in params
      ? `: ${(params.allowedValues as unknown[]).map((v) => JSON.stringify(v)).join(', ')}`
      : '';
  const extra = 'additionalProperty' in params ? `: ${String(params.additionalProperty)}` : '';
  return `${where} ${message ?? 'is wrong'}${allowed}${extra}`;
}
