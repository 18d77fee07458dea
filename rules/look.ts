/** A look at one rule: its condition, its edge, and the clip that goes on while it holds. */
import { asFault } from '@fieldloop/core';
import type { Truth } from './cel/compare.ts';
import { edgeDueNs, edgeStep, type EdgeStep, phase, stepEdge } from './edge.ts';
import { beginExtending, endExtending, extendDueNs, stepExtending } from './extend.ts';
import { due, type Machine, never } from './machine-state.ts';
import { type RuleRun, switchOff } from './rule-run.ts';

export function evaluate(machine: Machine, run: RuleRun, nowNs: number): void {
  const { condition } = run;
  if (condition === undefined) return;
  machine.evaluations += 1;
  run.evaluations += 1;
  try {
    const truth = condition();
    if (truth === 1 && !run.hasEdge) {
      trigger(machine, run, nowNs);
      return;
    }
    if (truth === 2) run.unknown += 1;
    if (isAsBefore(run, truth)) {
      if (!run.hasTimes) {
        run.dueNs = never;
        return;
      }
    } else follow(machine, run, truth, nowNs);
    run.dueNs = dueOf(run, nowNs);
    due(machine, run.dueNs);
  } catch (error) {
    fail(machine, run, error, nowNs);
  }
}

/** It waits and still does not hold, or fired and holds without a gap: nothing comes of that. */
function isAsBefore({ edge, hasTimes }: RuleRun, truth: Truth): boolean {
  if (edge.phase === phase.armed) return truth !== 1;
  if (edge.phase !== phase.fired || truth !== 1) return false;
  return edge.mode !== 'level' && !hasTimes && Number.isNaN(edge.gapNs);
}

/** What the condition means for a rule that holds, or did. */
function follow(machine: Machine, run: RuleRun, truth: Truth, nowNs: number): void {
  const { edge, extending } = run;
  const step = stepEdge(edge, truth, nowNs);
  if (extending !== undefined) {
    const isFired = edge.phase === phase.fired;
    const look = { isOver: !isFired, isHolding: isFired && truth !== 2 };
    const { atNs } = extending;
    const throughNs = stepExtending(extending, look, nowNs);
    if (throughNs !== undefined) machine.acts.extend(run, atNs, throughNs);
  }
  if (isTrigger(run, step, truth, nowNs)) trigger(machine, run, nowNs);
}

function isTrigger({ edge, gate }: RuleRun, step: EdgeStep, truth: Truth, nowNs: number): boolean {
  switch (edge.mode) {
    case 'rising':
      return step === edgeStep.rose;
    case 'falling':
      return step === edgeStep.fell;
    case 'both':
      return step !== edgeStep.none;
    case 'level':
      // While it holds, once a cooldown.
      return truth === 1 && edge.phase === phase.fired && nowNs >= gate.cooldown.quietUntilNs;
  }
}

function dueOf(run: RuleRun, nowNs: number): number {
  const { edge, absence, extending, gate } = run;
  let at = edgeDueNs(edge);
  if (absence !== undefined) at = Math.min(at, absence.dueNs);
  if (extending !== undefined) at = Math.min(at, extendDueNs(extending));
  const { quietUntilNs } = gate.cooldown;
  if (edge.mode === 'level' && edge.phase === phase.fired && quietUntilNs > nowNs) {
    at = Math.min(at, quietUntilNs);
  }
  return at;
}

/** A trigger that becomes a clip begins to hold it open; another one ends what went on. */
export function trigger(machine: Machine, run: RuleRun, nowNs: number): void {
  const { fired } = run;
  machine.acts.trigger(run, nowNs);
  if (run.extending === undefined) return;
  if (run.fired > fired) beginExtending(run.extending, nowNs);
  else endExtending(run.extending);
}

/** A rule that fails is looked at no more; the others go on. */
export function fail(machine: Machine, run: RuleRun, error: unknown, nowNs: number): void {
  if (run.off !== undefined) return;
  if (run.waitingNs !== never) machine.waiting -= 1;
  run.hasFailed = true;
  switchOff(run, asFault(error).message);
  machine.acts.failed(run, nowNs);
}
