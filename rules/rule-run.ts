/** One rule in operation: its condition as a closure, and all that it keeps of the past. */
import type { Json } from '@fieldloop/core';
import { type Absence, openAbsence } from './absence.ts';
import type { TruthOf } from './cel/compare.ts';
import { compileTruth, type Sources } from './cel/compile.ts';
import { armedEdge, type Edge, type Phase, resetEdge } from './edge.ts';
import {
  endExtending,
  type Extending,
  loadExtending,
  openExtending,
  saveExtending,
} from './extend.ts';
import { type GateState, loadGate, openGate, resetGate, saveGate } from './gate.ts';
import { jsonNumber, numberOf } from './memory/state.ts';
import type { Rule } from './rule-set.ts';
import { openRuleValues, type RuleValues } from './rule-values.ts';
import { openSequence, type Sequence } from './sequence.ts';
import { openShown, rateTerm, type Shown } from './shown.ts';
import { type SuppressedBy, suppressedBy } from './suppressions.ts';

export interface RuleRun {
  readonly rule: Rule;
  /** Undefined where there is nothing to ask, and when the rule is off. */
  condition: TruthOf | undefined;
  readonly absence: Absence | undefined;
  readonly sequence: Sequence | undefined;
  readonly edge: Edge;
  /** False where each look that finds the condition true is a trigger: nothing lasts and ends. */
  readonly hasEdge: boolean;
  readonly gate: GateState;
  readonly extending: Extending | undefined;
  readonly shown: Shown;
  readonly values: RuleValues;
  /** Besides its edge an absence or a clip that it holds open brings it times. */
  readonly hasTimes: boolean;
  /** When the passing of time changes it next, ns of the epoch. */
  dueNs: number;
  /** To be looked at in this round of time. */
  isMarked: boolean;
  /** Of `every`: messages that had come at its last turn. */
  messagesBefore: number;
  /** Of `every`: time of a turn that waits for a message; Infinity while none does. */
  waitingNs: number;
  /** Why it is looked at no more: it failed, or this device is not in its scope. */
  off: string | undefined;
  /** It failed: a restart leaves it off, whereas a scope is looked at anew. */
  hasFailed: boolean;
  /** How often the condition was asked. */
  evaluations: number;
  fired: number;
  unknown: number;
  readonly suppressed: Record<SuppressedBy, number>;
}

const never = Number.POSITIVE_INFINITY;

export function openRun(rule: Rule, sources: Sources): RuleRun {
  const { trigger, clearWhen } = rule;
  const absence = trigger.kind === 'absent' ? openRuleAbsence(trigger, sources) : undefined;
  const sequence =
    trigger.kind === 'sequence'
      ? openSequence(
          trigger.steps.map((step) => compileTruth(step, sources)),
          trigger.withinNs,
        )
      : undefined;
  const modifiers = { mode: rule.edge, forNs: rule.forNs, keepNs: rule.keepNs };
  const { extendWhile, postNs } = rule.capture;
  const extending = extendWhile === true ? openExtending(Number(postNs)) : undefined;
  return {
    rule,
    condition: conditionOf(rule, { absence, sequence }, sources),
    absence,
    sequence,
    edge: armedEdge(modifiers, clearWhen && compileTruth(clearWhen, sources)),
    hasEdge: trigger.kind !== 'manual' && trigger.kind !== 'sequence',
    gate: openGate(rule),
    extending,
    hasTimes: absence !== undefined || extending !== undefined,
    shown: openShown(rule, sources),
    values: openRuleValues(rule, sources),
    dueNs: never,
    isMarked: false,
    messagesBefore: 0,
    waitingNs: never,
    off: undefined,
    hasFailed: false,
    evaluations: 0,
    fired: 0,
    unknown: 0,
    suppressed: Object.fromEntries(suppressedBy.map((reason) => [reason, 0])) as Suppressed,
  };
}

type Suppressed = Record<SuppressedBy, number>;

function conditionOf(
  { trigger }: Rule,
  { absence, sequence }: Pick<RuleRun, 'absence' | 'sequence'>,
  sources: Sources,
): TruthOf | undefined {
  const { moment } = sources;
  switch (trigger.kind) {
    case 'when':
    case 'every':
      return trigger.condition && compileTruth(trigger.condition, sources);
    case 'absent':
      return absence && ((): 0 | 1 | 2 => absence.condition(moment.nowNs));
    case 'sequence':
      return sequence && ((): 0 | 1 | 2 => sequence.step(moment.nowNs));
    case 'manual':
      return () => 1;
  }
}

type AbsentTrigger = Extract<Rule['trigger'], { kind: 'absent' }>;

function openRuleAbsence(trigger: AbsentTrigger, sources: Sources): Absence {
  return openAbsence({
    forNs: trigger.forNs,
    minHz: trigger.minHz ?? 0,
    windowNs: trigger.windowNs,
    arm: trigger.arm && compileTruth(trigger.arm, sources),
    rate: trigger.minHz === undefined ? undefined : sources.memoryOf(rateTerm(trigger)),
  });
}

/** A new epoch: everything but the counters is forgotten, and what is off stays off. */
export function resetRun(run: RuleRun, messages: number): void {
  resetEdge(run.edge);
  resetGate(run.gate);
  run.absence?.reset();
  run.sequence?.reset();
  if (run.extending !== undefined) endExtending(run.extending);
  run.isMarked = false;
  run.messagesBefore = messages;
  run.waitingNs = never;
  run.dueNs = never;
}

/** It is looked at no more. */
export function switchOff(run: RuleRun, why: string): void {
  run.off = why;
  run.condition = undefined;
  run.dueNs = never;
  run.waitingNs = never;
  if (run.extending !== undefined) endExtending(run.extending);
}

export function saveRun(run: RuleRun): Json {
  return {
    id: run.rule.id,
    phase: run.edge.phase,
    sinceNs: jsonNumber(run.edge.sinceNs),
    gapNs: jsonNumber(run.edge.gapNs),
    gate: saveGate(run.gate),
    dueNs: jsonNumber(run.dueNs),
    messagesBefore: run.messagesBefore,
    waitingNs: jsonNumber(run.waitingNs),
    off: run.hasFailed ? (run.off ?? null) : null,
    isOut: run.off !== undefined && !run.hasFailed,
    evaluations: run.evaluations,
    fired: run.fired,
    unknown: run.unknown,
    suppressed: { ...run.suppressed },
    absence: run.absence?.save() ?? null,
    sequence: run.sequence?.save() ?? null,
    extending: run.extending === undefined ? null : saveExtending(run.extending),
  };
}

export function loadRun(run: RuleRun, saved: Readonly<Record<string, Json | undefined>>): void {
  run.edge.phase = numberOf(saved['phase']) as Phase;
  run.edge.sinceNs = numberOf(saved['sinceNs']);
  run.edge.gapNs = numberOf(saved['gapNs']);
  loadGate(run.gate, saved['gate'] ?? {});
  run.dueNs = numberOf(saved['dueNs']);
  run.messagesBefore = numberOf(saved['messagesBefore']);
  run.waitingNs = numberOf(saved['waitingNs']);
  run.evaluations = numberOf(saved['evaluations']);
  run.fired = numberOf(saved['fired']);
  run.unknown = numberOf(saved['unknown']);
  Object.assign(run.suppressed, saved['suppressed']);
  run.absence?.load(saved['absence'] ?? null);
  if (saved['sequence'] !== null) run.sequence?.load(saved['sequence'] ?? null);
  const { extending } = run;
  if (extending !== undefined) loadExtending(extending, saved['extending'] ?? null);
  const off = saved['off'];
  run.hasFailed = typeof off === 'string';
  // What is off here, by its scope, has no times whatever was saved.
  const why = typeof off === 'string' ? off : run.off;
  if (why !== undefined) switchOff(run, why);
}
