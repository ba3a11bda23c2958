import { printable } from '@natsmith/protocol';
import { RULES, type RuleId } from './rules';

/** One thing that is not as it should be. */
export interface Finding {
  readonly rule: RuleId;
  /** An error breaks callers or tools; a warning may surprise them. */
  readonly severity: 'error' | 'warning';
  /** The instance, and where in it: `calculator 5MAE7WKA… STATS endpoints[0]`. */
  readonly where: string;
  /** What was seen. */
  readonly seen: string;
  /** What must hold. */
  readonly holds: string;
  /** What to do. */
  readonly fix: string;
}

/** What a check has found. */
export interface CheckReport {
  readonly service: string;
  /** Ids of the instances that were checked. */
  readonly instances: readonly string[];
  /** The rules that were looked at. */
  readonly checked: readonly RuleId[];
  /** The rules that were not, and why. */
  readonly skipped: readonly { readonly rule: RuleId; readonly reason: string }[];
  readonly findings: readonly Finding[];
}

const MAX_LINE = 500;

/** Collects findings; the same one is reported once. */
export class Findings {
  readonly list: Finding[] = [];
  readonly checked = new Set<RuleId>();

  /** Notes that a rule has been looked at, and the finding if it does not hold. */
  check(
    rule: RuleId,
    holds: boolean,
    where: string,
    seen: () => string,
    severity: Finding['severity'] = 'error',
  ): void {
    this.checked.add(rule);
    if (holds || this.list.some((one) => one.rule === rule && one.where === printable(where, MAX_LINE))) return;
    // Both quote what came over the wire.
    this.list.push({
      rule,
      severity,
      where: printable(where, MAX_LINE),
      seen: printable(seen(), MAX_LINE),
      ...RULES[rule],
    });
  }
}
