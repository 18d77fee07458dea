/** A `clearWhen` that never lets its rule fire again. */
import type { Checked } from './cel/checked.ts';
import { implies, type RangeOf } from './cel/never.ts';
import type { Report } from './report.ts';
import type { Path } from './yaml-source.ts';

/** A rule re-arms once `clearWhen` holds and the condition does not: one may rule out the other. */
export function checkClear(
  condition: Checked,
  clearWhen: Checked | undefined,
  place: { readonly path: Path; readonly report: Report; readonly rangeOf: RangeOf },
): void {
  if (clearWhen === undefined || !implies(clearWhen, condition, place.rangeOf)) return;
  place.report.expression([...place.path, 'clearWhen'], {
    at: clearWhen.at,
    severity: 'warning',
    code: 'never-true',
    message: 'where clearWhen holds the condition holds too: the rule fires once and never again',
    remedy: 'Write a clearWhen that holds only where the condition does not.',
  });
}
