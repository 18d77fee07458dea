/**
 * What a rule set would have done in one recording: its triggers, and how many bytes each topic
 * took, so that the clips they would have become can be sized.
 */
import type { Channel, RecordingItem } from '@fieldloop/recording';
import { type ClipTrigger, triggerFor } from './clip-plan.ts';
import type { EngineOptions, ScoreRecord } from './engine-state.ts';
import * as limits from './limits.ts';
import { topicsReadBy } from './reads.ts';
import { openReplay } from './replay.ts';
import { type RuleSet, scoreTopic } from './rule-set.ts';
import type { Verdict } from './verdict.ts';

/** The marker of a trigger is the id of its rule. */
export type TrialTrigger = ClipTrigger<string>;

export interface Trial {
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly triggers: readonly TrialTrigger[];
  /** Triggers beyond `trialTriggers`, which are counted alone. */
  readonly dropped: number;
  readonly topics: ReadonlyMap<string, { readonly messages: number; readonly bytes: number }>;
  /** Rules that read a topic which this recording has not: it says nothing of them. */
  readonly blind: ReadonlySet<string>;
  readonly evaluations: number;
  readonly faults: number;
}

export interface OpenTrial {
  take(item: RecordingItem): void;
  score(record: ScoreRecord): void;
  /** Undefined when the recording held no message. */
  end(): Trial | undefined;
}

/** Topics that a clip adds by itself. */
const ownTopics = '/fieldloop/';

export function openTrial(
  ruleSet: RuleSet,
  options: EngineOptions & { readonly clipNs?: bigint | undefined },
): OpenTrial {
  const replay = openReplay(ruleSet, options);
  const clipNs = options.clipNs ?? limits.clipNs;
  // Rules that go by the clock are counted from their period: a clip would start it anew.
  const timed = new Set(
    ruleSet.rules.flatMap(({ id, trigger }) => (trigger.kind === 'every' ? [id] : [])),
  );
  const channels = new Map<number, Channel>();
  const bytes = new Float64Array(65_536);
  const scored = new Set<string>();
  const triggers: TrialTrigger[] = [];
  let dropped = 0;
  const keep = (verdicts: readonly Verdict[]): void => {
    for (const verdict of verdicts) {
      if (timed.has(verdict.ruleId)) continue;
      if (triggers.length >= limits.trialTriggers) dropped += 1;
      else triggers.push(triggerFor(verdict, { clipNs, marker: verdict.ruleId }));
    }
  };
  return {
    take(item) {
      if (item.kind === 'channel') channels.set(item.channel.id, item.channel);
      if (item.kind === 'block') addBytes(bytes, item.block);
      keep(replay.take(item));
    },
    score(record) {
      scored.add(record.scorer);
      keep(replay.score(record));
    },
    end() {
      keep(replay.end());
      const { facts, counters, startNs, endNs } = replay.outcome();
      if (startNs === undefined || endNs === undefined) return undefined;
      const topics = new Map<string, { messages: number; bytes: number }>();
      for (const { channel, messages } of facts.channels) {
        if (messages === 0 || channel.topic.startsWith(ownTopics)) continue;
        const sum = topics.get(channel.topic) ?? { messages: 0, bytes: 0 };
        sum.messages += messages;
        sum.bytes += bytes[channel.id] ?? 0;
        topics.set(channel.topic, sum);
      }
      const { evaluations, faults } = counters;
      const blind = blindRules(ruleSet, topics, scored);
      return { startNs, endNs, triggers, dropped, topics, blind, evaluations, faults };
    },
  };
}

function addBytes(
  bytes: Float64Array,
  block: Extract<RecordingItem, { kind: 'block' }>['block'],
): void {
  const { channelIds, starts, ends, count } = block;
  for (let i = 0; i < count; i += 1) {
    const id = channelIds[i] ?? 0;
    bytes[id] = (bytes[id] ?? 0) + (ends[i] ?? 0) - (starts[i] ?? 0);
  }
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
