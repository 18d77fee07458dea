/** A clip that an operator asks for, in the words of the planner. Pure. */
import { asFault, didYouMean, Fault } from '@fieldloop/core';
import { type RuleSet, topicFits } from '@fieldloop/rules';
import { maxManifestTopics } from '../limits.ts';
import type { Window } from '../window/window.ts';
import type { Trigger } from './plan.ts';

export interface ClipAsk {
  /** Of the command. */
  readonly id: string;
  readonly preNs: bigint;
  readonly postNs: bigint;
  /** All topics when absent. */
  readonly topics?: readonly string[] | undefined;
  readonly severity: 'critical' | 'warning';
  readonly reason: string;
  /** Log time that it is about; the newest message's when absent. */
  readonly atNs?: bigint | undefined;
  /** A `manual` rule, whose capture, limits and label are taken. */
  readonly rule?: string | undefined;
}

/** What a person wants is worth more than what a rule of the same severity does. */
const priority = 1_000;

/** The rule set of a marker that no rule made. */
const operator = 'operator';

/** What tells asks for one moment from each other; empty for a rule, which fires once a moment. */
export const askOf = ({
  ruleSet,
  expression,
}: Pick<Trigger['marker'], 'ruleSet' | 'expression'>) => (ruleSet === operator ? expression : '');

/**
 * Asks each source; undefined when one takes it, else why none does: the first that looked into
 * its window says so.
 */
export function askEach(
  sources: readonly { clipNow(ask: ClipAsk): boolean }[],
  ask: ClipAsk,
): NoClip | undefined {
  const refused: NoClip[] = [];
  const taken = sources.filter((source) => {
    try {
      return source.clipNow(ask);
    } catch (error) {
      const fault = asFault(error);
      if (fault.code !== 'not_found') throw error;
      refused.push({ why: fault.message, remedy: fault.remedy });
      return false;
    }
  });
  if (taken.length > 0) return undefined;
  return refused[0] ?? { why: 'no source of this robot is being read' };
}

/** Why nobody cuts a clip; with a remedy when no window holds its moment or topics. */
interface NoClip {
  readonly why: string;
  readonly remedy?: string | undefined;
}

/** Fault `not_found` when nothing of what is asked for is in the window. */
export function demandHeld(
  { atNs, preNs, postNs, topics }: Pick<ClipAsk, 'atNs' | 'preNs' | 'postNs' | 'topics'>,
  { heldFromNs, newestNs, channels }: Pick<Window, 'heldFromNs' | 'newestNs' | 'channels'>,
): void {
  const known = [...channels.values()].map(({ topic }) => topic);
  const isKnown = (pattern: string): boolean =>
    pattern === '*' || known.some((topic) => topicFits(pattern, topic));
  if (topics !== undefined && !topics.some(isKnown)) {
    const near = didYouMean(topics[0] ?? '', known);
    throw nothingHeld(`there is no topic ${topics.join(', ')}.${near}`);
  }
  if (atNs === undefined || heldFromNs === undefined || newestNs === undefined) return;
  if (atNs - preNs <= newestNs && atNs + postNs >= heldFromNs) return;
  throw nothingHeld(`the window holds ${isoOf(heldFromNs)} to ${isoOf(newestNs)} alone`);
}

const nothingHeld = (why: string): Fault =>
  new Fault('not_found', why, { remedy: 'Ask for a moment and a topic that the window holds.' });

const isoOf = (ns: bigint): string => new Date(Number(ns / 1_000_000n)).toISOString();

export function askedTrigger(
  ask: ClipAsk,
  about: {
    readonly atNs: bigint;
    readonly ruleSet: Pick<RuleSet, 'digest'>;
    readonly clipNs: bigint;
  },
): Trigger {
  const { preNs, postNs, severity, reason } = ask;
  const own = preNs + postNs;
  return {
    ruleId: operator,
    atNs: about.atNs,
    preNs,
    postNs,
    maxNs: own > about.clipNs ? own : about.clipNs,
    topics: ask.topics?.slice(0, maxManifestTopics) ?? ['*'],
    severity,
    class: severity,
    tags: [operator],
    priority,
    propensity: 1,
    marker: {
      rule: operator,
      ruleSet: operator,
      version: 0,
      // Of the rules that run, so that a clip is never without one.
      ruleSetDigest: about.ruleSet.digest,
      severity,
      why: reason,
      atNs: String(about.atNs),
      expression: `clip_now ${ask.id}`,
      values: {},
    },
  };
}
