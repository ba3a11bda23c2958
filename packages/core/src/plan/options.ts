import {
  anObject,
  isStandardSchema,
  optionProblem,
  shown,
  type OptionRule,
  type OptionRules,
} from '@natsmith/protocol';
import { isItemStream } from '../define/stream';

export const aQueueGroup: OptionRule = (value) =>
  typeof value === 'string' || value === false ? undefined : 'a string, or false for none';

export const aMetadata: OptionRule = (value) => anObject(value) && 'an object of strings, { key: "value" }';

export const middlewares: OptionRule = (value) =>
  Array.isArray(value) && value.every((one) => typeof one === 'function')
    ? undefined
    : 'an array of middleware functions, (ctx, next) => …';

export const aPayloadType: OptionRule = (value) => {
  const [item, ...more] = Array.isArray(value) ? (value as readonly unknown[]) : [value];
  const isClasses = typeof item === 'function' && more.length === 0;
  return isClasses || value === 'unchecked' || isStandardSchema(value) || isItemStream(value)
    ? undefined
    : 'a class, [Class], a schema (zod, valibot, arktype), stream(Item) or "unchecked"';
};

/**
 * Options as they can be read: an object, without those that are unknown or of a wrong type, which are noted.
 * @param noun what errors call them, such as `@Service`
 */
export function checkedOptions<Options extends object>(
  options: unknown,
  rules: OptionRules<Options>,
  noun: string,
  mistake: (problem: string) => void,
): Options {
  if (anObject(options) !== undefined) {
    mistake(`has ${shown(options)} in the place of the options of ${noun}; give an object`);
    return {} as Options;
  }
  const wrong: string[] = [];
  for (const [name, value] of Object.entries(options as object) as [string, unknown][]) {
    const problem = optionProblem(name, value, rules);
    if (problem === undefined) continue;
    mistake(problem);
    wrong.push(name);
  }
  if (wrong.length === 0) return options as Options;
  return Object.fromEntries(Object.entries(options as object).filter(([name]) => !wrong.includes(name))) as Options;
}
