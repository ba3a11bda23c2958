import type { StreamConfig } from '@nats-io/jetstream';
import type { Change, DifferenceKind } from './difference';

/** Compares the fields of one stream; each comparison gives no change, or one. */
export class Comparison {
  constructor(private readonly stream: string) {}

  field(
    field: string,
    [wanted, found]: readonly [string, string],
    kind: DifferenceKind,
    config: Partial<StreamConfig>,
  ): Change[] {
    return wanted === found ? [] : [{ stream: this.stream, field, wanted, found, kind, config }];
  }

  /** A limit that the contract may leave to the server; lowering it deletes messages. */
  limit(
    field: string,
    wanted: number | undefined,
    found: number,
    key: keyof StreamConfig,
    write: (value: number) => string = String,
  ): Change[] {
    if (wanted === undefined) return [];
    const isUnlimited = found <= 0;
    const kind = isUnlimited || wanted < found ? 'shrink' : 'update';
    return this.field(field, [write(wanted), isUnlimited ? 'unlimited' : write(found)], kind, { [key]: wanted });
  }
}
