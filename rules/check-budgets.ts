/** Budgets and limits that others make meaningless: never reached, or never enough. */
import type { Report } from './report.ts';
import { clipsBeside } from './reserve.ts';
import type { Budgets, Rule } from './rule-set.ts';
import type { Path } from './yaml-source.ts';

const dayNs = 86_400e9;
const keyOfPeriod = new Map([
  [60e9, 'perMinute'],
  [3_600e9, 'perHour'],
  [dayNs, 'perDay'],
]);

/** Rules by their place in the document. */
export function checkBudgets(
  budgets: Budgets | undefined,
  rules: ReadonlyMap<number, Rule>,
  report: Report,
): void {
  for (const [i, rule] of rules) checkLimits(rule, ['rules', i, 'limits'], report);
  if (budgets === undefined) return;
  const { day, hour, reserve } = budgets;
  for (const [name, budget] of Object.entries({ day, hour })) {
    if (budget?.bytes !== 0) continue;
    const message = 'a budget of 0 bytes holds every clip back';
    const remedy = 'Write a size above 0, for example 4GiB, or shadow: true in the rules.';
    report.value(['budgets', name, 'bytes'], 'budget', message, remedy);
  }
  for (const key of ['clips', 'bytes'] as const) {
    const ofHour = hour?.[key] ?? Number.POSITIVE_INFINITY;
    if (day === undefined || !Number.isFinite(ofHour) || ofHour <= day[key]) continue;
    const message = `the hour has more ${key} than the day: its budget is never reached`;
    report.warn(['budgets', 'hour', key], 'budget', message, 'Remove it, or write less.');
  }
  const isNeeded = [...rules.values()].some(
    (rule) => rule.severity !== 'critical' && makesClips(rule),
  );
  for (const [name, budget] of [
    ['day', day],
    ['hour', hour],
  ] as const) {
    if (budget === undefined || clipsBeside(reserve, budget.clips) >= 1 || !isNeeded) continue;
    const message = `the reserve leaves no clip of the ${name} for rules that are not critical`;
    report.warn(['budgets', 'reserve'], 'budget', message, 'Reserve less, or raise the budget.');
  }
  for (const [i, rule] of rules) {
    const { trigger } = rule;
    if (trigger.kind !== 'every' || !makesClips(rule)) continue;
    const fires = dayNs / trigger.periodNs;
    if (day === undefined || fires <= day.clips) continue;
    const message = `it fires ${Math.round(fires)} times a day, and all rules have ${day.clips} clips`;
    report.warn(['rules', i, 'every'], 'budget', message, 'Let it fire less often.');
  }
}

const makesClips = ({ shadow, bypassBudget }: Rule): boolean => !shadow && !bypassBudget;

/** A shorter period that lets more through than a longer one, or than the cooldown. */
function checkLimits({ limits, cooldownNs }: Rule, path: Path, report: Report): void {
  for (const { periodNs, most } of limits.calendar) {
    const key = keyOfPeriod.get(periodNs) ?? '';
    const longer = limits.calendar.find((one) => one.periodNs > periodNs && one.most <= most);
    // A period that begins inside a cooldown has one clip more than it has cooldowns.
    const ofCooldown = cooldownNs === 0 ? Number.POSITIVE_INFINITY : periodNs / cooldownNs + 1;
    if (longer === undefined && most <= ofCooldown) continue;
    const other = longer === undefined ? 'cooldown' : (keyOfPeriod.get(longer.periodNs) ?? '');
    const message = `${key} ${most} is never reached: ${other} lets no more through`;
    report.warn([...path, key], 'budget', message, 'Remove it, or write less.');
  }
}
