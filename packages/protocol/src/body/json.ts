import { parse as parseWithoutPrototypes } from 'secure-json-parse';
import { errorNamed } from '../services/error-catalogue';
import { utf8 } from './codec';
import { jsonProblem } from './json-limits';

/**
 * The value of a body of JSON; `undefined` for an empty one.
 * @throws ServiceError 400 for what is not JSON in UTF-8, or nests too deep or holds too much to be parsed
 */
export function parseJson(body: Uint8Array): unknown {
  if (body.length === 0) return undefined;
  const problem = jsonProblem(body);
  if (problem !== undefined) throw errorNamed('bodyLimit', { problem });
  const source = utf8(body);
  // Keys that could reach a prototype when user code copies the value are removed; few bodies can hold one.
  const isSuspicious = source.includes('__proto__') || source.includes('constructor') || source.includes('\\u');
  try {
    const value: unknown = isSuspicious
      ? parseWithoutPrototypes(source, { protoAction: 'remove', constructorAction: 'remove' })
      : JSON.parse(source);
    return value;
  } catch {
    throw errorNamed('notJson');
  }
}
