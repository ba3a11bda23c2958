import type { EndpointInfo } from '@natsmith/client';
import { wrongUse } from '../exit';
import { note } from '../output/output';
import { shapeOf } from '../output/schema-shape';
import { checkAgainst } from './schema-check';

/** Checks a payload against the schema in INFO. @throws Failure 2 that names the fields that are wrong */
export async function checkPayload({ name, metadata }: EndpointInfo, payload: unknown): Promise<void> {
  const schema = metadata.request_schema;
  if (schema === undefined) return;
  if (payload === undefined)
    throw wrongUse(`endpoint "${name}" needs a payload: it takes ${shapeOf(schema)}; --no-check calls it without one`);
  const verdict = await checkAgainst(schema, payload);
  if ('unusable' in verdict)
    return note(`the payload is not checked: the schema of endpoint "${name}" cannot be used (${verdict.unusable})`);
  if (verdict.problems.length === 0) return;
  const problems = verdict.problems.map((problem) => `\n  ${problem}`);
  throw wrongUse(
    `the payload is not what endpoint "${name}" takes:${problems.join('')}\n` +
      `it takes ${shapeOf(schema)}; --no-check sends the payload all the same`,
  );
}
