/**
 * The turns of `every` rules. One of a period is taken at once where messages came that its clip
 * would reach back to; else it waits for the next message, so that no clip begins in a gap. A drawn
 * moment waits a little for a message and passes: moved behind a gap it would not be random.
 */
import * as limits from './limits.ts';
import { evaluate, fail, trigger } from './look.ts';
import { due, type Machine, never } from './machine-state.ts';
import { resetRun, type RuleRun } from './rule-run.ts';

/** A rule begins at `fromNs` and knows nothing of before; due at once where silence counts. */
export function beginRun(machine: Machine, run: RuleRun, fromNs: number): void {
  resetRun(run, machine.messages);
  const by = run.rule.trigger;
  if (run.off !== undefined) return;
  if (by.kind === 'absent') run.dueNs = fromNs;
  if (by.kind !== 'every') return;
  run.dueNs =
    by.random === undefined ? fromNs + by.firstNs : machine.acts.nextDrawn(run, fromNs - 1);
}

export function turn(machine: Machine, run: RuleRun, nowNs: number): void {
  const preNs = Number(run.rule.capture.preNs);
  const isNew = run.messagesBefore !== machine.messages;
  run.messagesBefore = machine.messages;
  if (isRandom(run)) setTurn(machine, run, machine.acts.nextDrawn(run, nowNs));
  else run.dueNs = never;
  if (isNew && machine.lastMessageNs >= nowNs - preNs) {
    if (!isRandom(run)) setTurn(machine, run, nowNs + periodOf(run));
    if (run.waitingNs !== never) machine.waiting -= 1;
    run.waitingNs = never;
    takeTurn(machine, run, nowNs);
    return;
  }
  if (run.waitingNs === never) machine.waiting += 1;
  run.waitingNs = nowNs;
}

/** A message that turns waited for: rules and turns in document order. */
export function takeWaiting(machine: Machine, rules: readonly RuleRun[], nowNs: number): void {
  for (const run of machine.program.runs) {
    if (run.waitingNs === never) {
      if (rules.includes(run)) evaluate(machine, run, nowNs);
      continue;
    }
    const waitedNs = nowNs - run.waitingNs;
    const next = run.waitingNs + periodOf(run);
    run.waitingNs = never;
    run.messagesBefore = machine.messages;
    if (!isRandom(run)) {
      // Behind a gap of a period or more the times of turns begin anew.
      setTurn(machine, run, next > nowNs ? next : nowNs + periodOf(run));
    } else if (waitedNs > limits.drawnWaitNs) continue;
    takeTurn(machine, run, nowNs);
  }
  machine.waiting = 0;
}

function takeTurn(machine: Machine, run: RuleRun, nowNs: number): void {
  machine.evaluations += 1;
  run.evaluations += 1;
  try {
    const condition = run.condition === undefined ? 1 : run.condition();
    if (condition === 2) run.unknown += 1;
    if (condition === 1) trigger(machine, run, nowNs);
  } catch (error) {
    fail(machine, run, error, nowNs);
  }
}

function setTurn(machine: Machine, run: RuleRun, atNs: number): void {
  run.dueNs = atNs;
  due(machine, atNs);
}

function isRandom({ rule: { trigger: by } }: RuleRun): boolean {
  return by.kind === 'every' && by.random !== undefined;
}

function periodOf({ rule: { trigger: by } }: RuleRun): number {
  return by.kind === 'every' ? by.periodNs : never;
}
