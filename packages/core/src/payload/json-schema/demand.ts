import { RULES, type Rule } from './constraints';
import type { Conversion } from './conversion';
import { allOf, isAnything, type Schema } from './keywords';

/** What one decorator demands of a property's value. */
export interface Demand {
  readonly rule: Rule;
  readonly schema: Schema;
  /** Of each item, where the value is an array; else of the value. */
  readonly each: boolean;
}

const DATES: readonly (Rule | undefined)[] = [RULES['IsDate'], RULES['MinDate'], RULES['MaxDate']];

/** What demands on a property mean for the JSON that it is made from. */
export function asJson(demands: readonly Demand[], conversion: Conversion): Schema {
  switch (conversion.to) {
    case 'unknown':
      return {};
    case 'same':
      return together(demands);
    case 'class':
      // The class may give what the payload does not.
      return together(demands.map(({ schema: { minProperties: _, ...schema }, ...rest }) => ({ ...rest, schema })));
    case 'primitive': {
      // What is not of that type becomes who knows what.
      const { type } = conversion;
      const then = allOf(demands.map(({ schema }) => schema));
      return isAnything(then) ? {} : { if: { type }, then };
    }
    case 'date': {
      const dates = demands.filter(({ rule }) => DATES.includes(rule));
      if (dates.length === 0) return {};
      // A number is milliseconds, and a boolean becomes a date as well.
      const type = ['string', 'number', 'boolean'];
      return { type: dates.every(({ each }) => each) ? [...type, 'array'] : type };
    }
  }
}

function together(demands: readonly Demand[]): Schema {
  const whole = allOf(demands.filter(({ each }) => !each).map(({ schema }) => schema));
  const items = allOf(demands.filter(({ each }) => each).map(({ schema }) => schema));
  if (isAnything(items)) return whole;
  return allOf([whole, whole['type'] === 'array' ? { items } : { anyOf: [{ type: 'array', items }, items] }]);
}
