/** What an evaluation finds: the groups for which a condition holds, in words and numbers. */
import { type Condition, thresholdOf, valueText } from './condition.ts';

export interface GroupDevice {
  readonly id: string;
  readonly name: string;
}

/** A group for which the condition holds. */
export interface Sample {
  readonly group: string;
  readonly device?: GroupDevice | undefined;
  readonly site?: string | undefined;
  readonly rule?: string | undefined;
  readonly value: number;
}

export interface Evaluation {
  readonly active: readonly Sample[];
  /** How many groups were looked at. */
  readonly groups: number;
}

/** One line for people: `amr-01: disk.free is 3`. */
export function summaryOf(condition: Condition, sample: Sample): string {
  const where = sample.device?.name ?? sample.site ?? sample.rule;
  const said = valueText(condition, sample.value);
  return where === undefined ? said : `${where}: ${said}`;
}

export const compared = (condition: Condition): { readonly threshold?: number } => {
  const threshold = thresholdOf(condition);
  return threshold === undefined ? {} : { threshold };
};
