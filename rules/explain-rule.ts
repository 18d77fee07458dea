/** One rule at one moment: its condition, what it remembers, and what it waits for. */
import { formatAboutNs } from '@fieldloop/core';
import { hasRoom } from './calendar-limit.ts';
import type { Checked } from './cel/checked.ts';
import { phase } from './edge.ts';
import {
  type ExplainedTerm,
  type ExplainMoment,
  explainTerm,
  needsOf,
  valueOf,
} from './explain-term.ts';
import type { RuleRun } from './rule-run.ts';
import type { Trigger } from './rule-set.ts';
import { rateTerm } from './shown.ts';

export interface ExplainedRule {
  readonly rule: string;
  readonly expression: string;
  /** Whether its condition holds; null while that is unknown, absent when it has none. */
  readonly condition?: boolean | null;
  /** `armed`: waits for its condition. `holding`: within `for`. `fired`: must end first. */
  readonly state: 'armed' | 'holding' | 'fired' | 'off';
  /** What it remembers besides, in words. */
  readonly remembers: readonly string[];
  readonly terms: readonly ExplainedTerm[];
  /** What has to happen for it to fire; empty at the moment when it does. */
  readonly needs: readonly string[];
  /** Log time of its last trigger. */
  readonly firedNs: bigint | undefined;
  readonly fired: number;
}

export interface RuleMoment extends ExplainMoment {
  readonly firedNs: bigint | undefined;
}

export function explainRule(run: RuleRun, moment: RuleMoment): ExplainedRule {
  const { rule, edge, off } = run;
  const { trigger, clearWhen } = rule;
  const hasFired = edge.phase === phase.fired;
  const asked = [...termsOf(trigger), ...(hasFired && clearWhen !== undefined ? [clearWhen] : [])];
  return {
    rule: rule.id,
    expression: rule.expression,
    ...conditionOf(run, moment),
    state: off !== undefined ? 'off' : stateNames[edge.phase],
    remembers: remembered(run, moment),
    terms: asked.flatMap((term) => explainTerm(term, moment)),
    needs: needed(run, moment),
    firedNs: moment.firedNs,
    fired: run.fired,
  };
}

const stateNames = {
  [phase.armed]: 'armed',
  [phase.holding]: 'holding',
  [phase.fired]: 'fired',
} as const;

function termsOf(trigger: Trigger): Checked[] {
  switch (trigger.kind) {
    case 'when':
      return [trigger.condition];
    case 'every':
      return trigger.condition === undefined ? [] : [trigger.condition];
    case 'sequence':
      return [...trigger.steps];
    case 'manual':
      return [];
    case 'absent': {
      const rate = trigger.minHz === undefined ? [] : [rateTerm(trigger)];
      return [ageTerm(trigger.topic), ...rate, ...(trigger.arm === undefined ? [] : [trigger.arm])];
    }
  }
}

function ageTerm(topic: string): Checked {
  const text = `age(${JSON.stringify(topic)})`;
  return { kind: 'memory', fn: 'age', type: 'duration', topic, text, at: 0 };
}

function conditionOf(run: RuleRun, moment: RuleMoment): Pick<ExplainedRule, 'condition'> {
  const { trigger } = run.rule;
  if (trigger.kind === 'absent') {
    const truth = run.absence?.condition(moment.nowNs) ?? 2;
    return { condition: truth === 2 ? null : truth === 1 };
  }
  if (trigger.kind !== 'when' && trigger.kind !== 'every') return {};
  if (trigger.condition === undefined) return {};
  const value = valueOf(trigger.condition, moment);
  return { condition: typeof value === 'boolean' ? value : null };
}

function remembered(
  { edge, gate, rule, sequence, suppressed }: RuleRun,
  { nowNs, atNs }: RuleMoment,
): string[] {
  const told: string[] = [];
  if (edge.phase === phase.holding)
    told.push(`its condition has held for ${formatAboutNs(nowNs - edge.sinceNs)}`);
  const quietNs = gate.cooldown.quietUntilNs - nowNs;
  if (quietNs > 0) told.push(`it cools down for another ${formatAboutNs(quietNs)}`);
  if (sequence !== undefined && rule.trigger.kind === 'sequence') {
    told.push(`${sequence.reached()} of ${rule.trigger.steps.length} steps are behind it`);
  }
  if (!hasRoom(gate.calendar, atNs)) told.push('its limit by the clock is used up');
  for (const [reason, count] of Object.entries(suppressed)) {
    if (count > 0) told.push(`${count} triggers before were kept from a clip by: ${reason}`);
  }
  return told;
}

function needed(run: RuleRun, moment: RuleMoment): string[] {
  const { edge, gate, off } = run;
  const { nowNs, atNs, firedNs } = moment;
  if (off !== undefined) return [`it is off: ${off}`];
  // At the very moment of its trigger nothing is missing.
  if (firedNs === atNs) return [];
  const told = edge.phase === phase.fired ? endNeeds(run) : beginNeeds(run, moment);
  const quietNs = gate.cooldown.quietUntilNs - nowNs;
  if (quietNs > 0) told.push(`${formatAboutNs(quietNs)} of cooldown must pass`);
  return told;
}

/** What a rule waits for whose condition has held long enough. */
function endNeeds({ rule, edge }: RuleRun): string[] {
  const clear = rule.clearWhen && `${rule.clearWhen.text} must hold`;
  const end = clear ?? 'its condition must end';
  if (edge.mode === 'level') return [];
  return [edge.mode === 'rising' ? `${end} before it can fire again` : end];
}

function beginNeeds(run: RuleRun, moment: RuleMoment): string[] {
  const { rule, edge } = run;
  const { trigger } = rule;
  const needs =
    trigger.kind === 'when' ? needsOf(trigger.condition, moment) : neededBy(run, trigger, moment);
  const told = [...needs];
  if (edge.phase === phase.holding) {
    told.push(
      `its condition must hold for another ${formatAboutNs(edge.sinceNs + edge.forNs - moment.nowNs)}`,
    );
  } else if (edge.forNs > 0)
    told.push(`then its condition must hold for ${formatAboutNs(edge.forNs)}`);
  if (edge.mode === 'falling') told.push('then its condition must end');
  return told;
}

function neededBy(run: RuleRun, trigger: Trigger, moment: RuleMoment): string[] {
  switch (trigger.kind) {
    case 'absent':
      return run.absence?.condition(moment.nowNs) === 1 ? [] : [`silence: ${run.rule.expression}`];
    case 'every': {
      const at = Number.isFinite(run.dueNs)
        ? `in ${formatAboutNs(run.dueNs - moment.nowNs)}`
        : 'with the next message';
      const needs = trigger.condition === undefined ? [] : needsOf(trigger.condition, moment);
      return [`its next turn comes ${at}`, ...needs];
    }
    case 'sequence': {
      const step = trigger.steps[run.sequence?.reached() ?? 0];
      return step === undefined ? [] : [`next step: ${step.text} must become true`];
    }
    case 'manual':
      return ['somebody must ask for it'];
    case 'when':
      return [];
  }
}
