/**
 * What a rule set would have done in one recording: its triggers, and how many bytes each topic
 * took, so that the clips they would have become can be sized. Of a whole session also the clips.
 */
import type { RecordingItem } from '@fieldloop/recording';
import { type ClipTrigger, triggerFor } from './clip-plan.ts';
import type { EngineOptions, RuleCounters, ScoreRecord } from './engine-state.ts';
import * as limits from './limits.ts';
import type { RuleProblem } from './problem.ts';
import { topicsReadBy } from './reads.ts';
import { openReplay } from './replay.ts';
import { type RuleSet, scoreTopic } from './rule-set.ts';
import { isOwnTopic, openSessionClips, type TrialClip } from './session-clips.ts';
import type { Stretch } from './stretches.ts';
import type { EngineOutput, ShadowVerdict, Verdict } from './verdict.ts';

/** The marker of a trigger is the id of its rule. */
export type TrialTrigger = ClipTrigger<string>;

export interface Trial {
  readonly startNs: bigint;
  readonly endNs: bigint;
  /** The first `trialTriggers` of them. */
  readonly triggers: readonly TrialTrigger[];
  /** Triggers beyond those. */
  readonly dropped: number;
  readonly topics: ReadonlyMap<string, { readonly messages: number; readonly bytes: number }>;
  /** Rules that read a topic which this recording has not: it says nothing of them. */
  readonly blind: ReadonlySet<string>;
  readonly evaluations: number;
  readonly faults: number;
  /** Of a trial that was opened as a whole session. */
  readonly whole?: WholeTrial;
}

/** What only a whole session tells: nothing before it or after it could change a clip. */
export interface WholeTrial {
  readonly clips: readonly TrialClip[];
  readonly rules: ReadonlyMap<string, RuleTrial>;
  readonly messages: number;
  readonly late: number;
  readonly epochs: number;
  /** Log time that it covers, without what lies between them. */
  readonly stretches: readonly Stretch[];
  /** The rule set against what the session held. */
  readonly problems: readonly RuleProblem[];
}

export interface RuleTrial {
  readonly evaluations: number;
  readonly unknown: number;
  readonly fired: number;
  /** Triggers that became no clip of their own, by reason. */
  readonly suppressed: Readonly<Record<string, number>>;
}

export interface OpenTrial {
  take(item: RecordingItem): void;
  score(record: ScoreRecord): void;
  /** Undefined when the recording held no message. */
  end(): Trial | undefined;
}

export interface TrialOptions extends EngineOptions {
  readonly clipNs?: bigint | undefined;
  /**
   * The recording is a whole session and not a clip of one: rules that go by the clock count as
   * they fire, and clips are planned.
   */
  readonly whole?: boolean | undefined;
  /** Hears of each trigger, and of those of rules that run in the shadow. */
  readonly onVerdict?: ((verdict: Verdict | ShadowVerdict) => void) | undefined;
}

interface TopicSum {
  messages: number;
  bytes: number;
}

export function openTrial(ruleSet: RuleSet, options: TrialOptions): OpenTrial {
  const replay = openReplay(ruleSet, options);
  const clips = options.whole === true ? openSessionClips(ruleSet) : undefined;
  const clipNs = options.clipNs ?? limits.clipNs;
  const latenessNs = options.latenessNs ?? limits.latenessNs;
  // In clips, rules that go by the clock are counted from their period: a clip starts it anew.
  const timed = new Set(
    ruleSet.rules.flatMap(({ id, trigger }) =>
      trigger.kind === 'every' && clips === undefined ? [id] : [],
    ),
  );
  const topics = new Map<string, TopicSum>();
  /** By channel id; splits of one session may give an id to another topic. */
  const sums: (TopicSum | undefined)[] = [];
  const scored = new Set<string>();
  const triggers: TrialTrigger[] = [];
  let dropped = 0;
  const keep = (outputs: readonly EngineOutput[]): void => {
    for (const verdict of outputs) {
      if (verdict.kind === 'extend') clips?.extend(verdict);
      if (verdict.kind === 'event' && verdict.name === 'clock_jump') clips?.jump();
      if (verdict.kind === 'shadow') options.onVerdict?.(verdict);
      if (verdict.kind !== 'fire' || timed.has(verdict.ruleId)) continue;
      const trigger = triggerFor(verdict, { clipNs, marker: verdict.ruleId });
      clips?.fire(trigger);
      options.onVerdict?.(verdict);
      if (triggers.length < limits.trialTriggers) triggers.push(trigger);
      else dropped += 1;
    }
  };
  return {
    take(item) {
      if (item.kind === 'channel') {
        const { id, topic } = item.channel;
        const sum = topics.get(topic) ?? { messages: 0, bytes: 0 };
        sums[id] = sum;
        topics.set(topic, sum);
        clips?.channel(item.channel);
      }
      if (item.kind === 'block') {
        addBytes(sums, item.block);
        clips?.block(item.block);
      }
      keep(replay.take(item));
      if (item.kind === 'block') clips?.passed(item.block.lastNs - latenessNs);
    },
    score(record) {
      scored.add(record.scorer);
      keep(replay.score(record));
    },
    end() {
      keep(replay.end());
      const { counters, startNs, endNs, problems, messages, stretches } = replay.outcome();
      if (startNs === undefined || endNs === undefined) return undefined;
      for (const [topic, sum] of topics) {
        if (sum.messages === 0 || isOwnTopic(topic)) topics.delete(topic);
      }
      const { evaluations, faults, late, epoch: epochs } = counters;
      const blind = blindRules(ruleSet, topics, scored);
      const trial = { startNs, endNs, triggers, dropped, topics, blind, evaluations, faults };
      if (clips === undefined) return trial;
      const planned = clips.end();
      const rules = rulesOf(counters.rules, planned.suppressed);
      const whole = { clips: planned.clips, rules, messages, late, epochs, stretches, problems };
      return { ...trial, whole };
    },
  };
}

type Block = Extract<RecordingItem, { kind: 'block' }>['block'];

function addBytes(sums: readonly (TopicSum | undefined)[], block: Block): void {
  const { channelIds, starts, ends, count } = block;
  for (let i = 0; i < count; i += 1) {
    const sum = sums[channelIds[i] ?? 0];
    if (sum === undefined) continue;
    sum.messages += 1;
    sum.bytes += (ends[i] ?? 0) - (starts[i] ?? 0);
  }
}

/** What the engine held back, and what the planner did. */
function rulesOf(
  counters: Readonly<Record<string, RuleCounters>>,
  planned: ReadonlyMap<string, ReadonlyMap<string, number>>,
): Map<string, RuleTrial> {
  return new Map(
    Object.entries(counters).map(([id, { evaluations, unknown, fired, suppressed }]) => {
      const reasons = [...Object.entries(suppressed), ...(planned.get(id) ?? [])];
      const told = reasons.filter(([, count]) => count > 0);
      return [id, { evaluations, unknown, fired, suppressed: Object.fromEntries(told) }];
    }),
  );
}

function blindRules(
  ruleSet: RuleSet,
  topics: ReadonlyMap<string, unknown>,
  scored: ReadonlySet<string>,
): Set<string> {
  const known = new Set(topics.keys());
  for (const { id, ref } of ruleSet.models) {
    if (scored.has(id) || scored.has(ref)) known.add(scoreTopic(id));
  }
  return new Set(
    ruleSet.rules
      .filter((rule) => [...topicsReadBy(ruleSet, rule)].some((topic) => !known.has(topic)))
      .map((rule) => rule.id),
  );
}
