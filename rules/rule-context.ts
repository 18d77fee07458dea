/** What the readers of one rule share: the names in scope, the captures, and the report. */
import type { CaptureSet } from './capture.ts';
import type { Scope } from './cel/context.ts';
import type { Report } from './report.ts';
import type { Signal } from './rule-set.ts';

export interface RuleContext {
  readonly scope: Scope;
  readonly signals: ReadonlyMap<string, Signal>;
  readonly captures: ReadonlyMap<string, CaptureSet>;
  readonly report: Report;
}
