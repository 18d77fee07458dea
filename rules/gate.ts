/**
 * What stands between a trigger of a rule and its clip, in this order: cooldown, expiry, limits,
 * sample, shadow, budget. The cooldown counts from triggers and not from draws, so that each draw
 * has its probability; what a budget or a limit holds back is drawn for all the same.
 */
import type { Json } from '@fieldloop/core';
import type { BudgetKeeper } from './budget.ts';
import {
  type CalendarLimit,
  countClip,
  hasRoom,
  loadCalendarLimit,
  openCalendarLimit,
  saveCalendarLimit,
} from './calendar-limit.ts';
import { triggerFor } from './clip-plan.ts';
import { admit, awake, type Cooldown } from './cooldown.ts';
import { partLengthNs } from './drawn-moments.ts';
import {
  countKey,
  hasKeyRoom,
  type KeyedLimit,
  loadKeyedLimit,
  openKeyedLimit,
  saveKeyedLimit,
} from './keyed-limit.ts';
import { jsonNumber, numberOf } from './memory/state.ts';
import {
  embeddingOf,
  isNovel,
  keepEmbedding,
  loadNovelty,
  type Novelty,
  openNovelty,
  saveNovelty,
} from './novelty.ts';
import type { Rule } from './rule-set.ts';
import type { RuleValues } from './rule-values.ts';
import { isDrawn } from './sample.ts';
import type { SuppressedBy } from './suppressions.ts';

/** What a gate keeps of the past. */
export interface GateState {
  readonly cooldown: Cooldown;
  readonly calendar: CalendarLimit;
  readonly keyed: KeyedLimit | undefined;
  readonly novelty: Novelty | undefined;
}

export function openGate({ limits, sample }: Rule): GateState {
  const { per } = limits;
  return {
    cooldown: awake(),
    calendar: openCalendarLimit(limits.calendar),
    keyed: per && openKeyedLimit(per.most, per.everyNs),
    novelty: sample?.strategy === 'novelty' ? openNovelty(sample.minDistance) : undefined,
  };
}

/** A new epoch: what counts from a moment is forgotten, what counts by the calendar is not. */
export function resetGate({ cooldown, keyed, novelty }: GateState): void {
  cooldown.quietUntilNs = Number.NEGATIVE_INFINITY;
  keyed?.keys.clear();
  novelty?.kept.splice(0);
}

export interface Arrival {
  readonly rule: Rule;
  readonly values: RuleValues;
  readonly device: string;
  /** Of the epoch, and as log time. */
  readonly nowNs: number;
  readonly atNs: bigint;
  /** The latest embedding of the model that novelty names, in base64. */
  readonly embedding: string | undefined;
  readonly budget: BudgetKeeper | undefined;
  readonly clipNs: bigint;
}

export type Passage =
  | { readonly reason: Exclude<SuppressedBy, 'shadow'> }
  /** `propensity`: the product of the probabilities that let it through. */
  | { readonly reason: 'shadow' | undefined; readonly propensity: number };

export function pass(gate: GateState, arrival: Arrival): Passage {
  const { rule, nowNs, atNs, values } = arrival;
  if (!admit(gate.cooldown, nowNs, rule.cooldownNs)) return { reason: 'cooldown' };
  if (rule.expiresNs !== undefined && atNs >= rule.expiresNs) return { reason: 'expired' };
  const key = gate.keyed === undefined ? '' : values.key();
  const isRoom = gate.keyed === undefined || hasKeyRoom(gate.keyed, key, nowNs);
  if (!isRoom || !hasRoom(gate.calendar, atNs)) return { reason: 'limit' };
  const embedding = gate.novelty && embeddingOf(arrival.embedding);
  const propensity = drawOf(gate, arrival, embedding);
  if (propensity === 0) return { reason: 'sampled_out' };
  if (!rule.shadow && !isAffordable(arrival)) return { reason: 'budget' };
  countClip(gate.calendar, atNs);
  if (gate.keyed !== undefined) countKey(gate.keyed, key, nowNs);
  if (gate.novelty !== undefined) keepEmbedding(gate.novelty, embedding);
  return { reason: rule.shadow ? 'shadow' : undefined, propensity };
}

/** The probability with which the trigger was kept; 0 when it was not. */
function drawOf(gate: GateState, arrival: Arrival, embedding: Int8Array | undefined): number {
  const { rule, device, atNs } = arrival;
  const { sample } = rule;
  const moment = momentPropensity(rule, atNs);
  if (sample === undefined || isChosen(gate, arrival, embedding)) return moment;
  const isKept = isDrawn(sample, { device, rule: rule.id, atNs });
  return isKept ? moment * sample.probability : 0;
}

/** What novelty and closeTo look for is kept for sure. */
function isChosen(gate: GateState, arrival: Arrival, embedding: Int8Array | undefined): boolean {
  const { rule, values } = arrival;
  if (gate.novelty !== undefined) return isNovel(gate.novelty, embedding);
  if (rule.sample?.strategy !== 'closeTo') return false;
  const margin = values.margin();
  return margin !== undefined && Math.abs(margin) <= rule.sample.within;
}

/** Of a drawn moment: how much of its part of the day the clip covers. */
function momentPropensity({ trigger, capture }: Rule, atNs: bigint): number {
  if (trigger.kind !== 'every' || trigger.random === undefined) return 1;
  const length = partLengthNs({ partNs: trigger.periodNs }, atNs);
  const share = Number(capture.preNs + capture.postNs) / length;
  return share > 0 ? Math.min(1, share) : 1;
}

function isAffordable({ budget, rule, atNs, clipNs }: Arrival): boolean {
  if (budget === undefined) return true;
  const { capture, severity, tags, priority, id } = rule;
  const verdict = { ruleId: id, atNs, capture, severity, tags, priority, class: rule.class };
  return budget.admit(triggerFor(verdict, { clipNs, marker: null }), rule.bypassBudget);
}

export function saveGate({ cooldown, calendar, keyed, novelty }: GateState): Json {
  return {
    quietUntilNs: jsonNumber(cooldown.quietUntilNs),
    ...(calendar.length === 0 ? {} : { calendar: saveCalendarLimit(calendar) }),
    ...(keyed === undefined ? {} : { keyed: saveKeyedLimit(keyed) }),
    ...(novelty === undefined ? {} : { novelty: saveNovelty(novelty) }),
  };
}

export function loadGate(gate: GateState, saved: Json): void {
  const { quietUntilNs, calendar, keyed, novelty } = saved as Readonly<Record<string, Json>>;
  gate.cooldown.quietUntilNs = numberOf(quietUntilNs);
  if (calendar !== undefined) loadCalendarLimit(gate.calendar, calendar);
  if (keyed !== undefined && gate.keyed !== undefined) loadKeyedLimit(gate.keyed, keyed);
  if (novelty !== undefined && gate.novelty !== undefined) loadNovelty(gate.novelty, novelty);
}
