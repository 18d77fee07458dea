/** What a timeline is made of, and what is counted over all timelines of a source. */
import { type Clock, type Log, ownOf } from '@fieldloop/core';
import type { Channel, MessageBlock } from '@fieldloop/recording';
import type { Properties, PlainRuleSet } from '@fieldloop/rules';
import type { ClockState } from './clip/clock.ts';
import type { ClipOrigin } from './clip/manifest.ts';
import type { Pictures } from './clip/redact-image.ts';
import type { RedactionPolicy } from './clip/redaction-policy.ts';
import { maxLatencies } from './limits.ts';
import type { Outlet } from './outlet.ts';
import type { Promised } from './promised.ts';
import type { RuleTally } from './rule/tally.ts';
import type { Scoring, ScoreRecord } from './score/scoring.ts';
import type { Shed } from './shed.ts';
import type { ScorerPlan } from './score/tap.ts';
import type { WindowOptions } from './window/window.ts';

export interface TimelineSettings {
  readonly origin: ClipOrigin;
  readonly ruleSet: PlainRuleSet;
  /** Of the device: which rules are in scope. All of them when absent. */
  readonly properties?: Properties | undefined;
  /** Some rule samples by novelty: the engine needs embeddings. */
  readonly comparesEmbeddings?: boolean | undefined;
  /** Evaluated beside it, and only counted. */
  readonly shadow?: PlainRuleSet | undefined;
  readonly scorers: readonly ScorerPlan[];
  /** Patterns of topics whose last message goes into each clip. */
  readonly latched: readonly string[];
  readonly window: WindowOptions;
  readonly clipNs: bigint;
  /** How late a message may come and still be put into its order. */
  readonly latenessNs?: bigint | undefined;
  readonly partPath: (clipId: string) => string;
  /** Topics that rules and models read. */
  readonly readTopics?: ReadonlySet<string> | undefined;
  /** What is changed before anything of it is written; nothing when absent. */
  readonly redaction?: RedactionPolicy | undefined;
  /** Draws thumbnails and veils images. */
  readonly pictures?: Pictures | undefined;
}

export interface TimelineDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly scoring: Scoring;
  readonly outlet: Outlet;
  /** Of the source; a timeline that is not noted leaves nothing to tell of when it dies. */
  readonly promised?: Promised | undefined;
  /** Nothing is ever given up when absent. */
  readonly shed?: Shed | undefined;
  /** Of the robot's clock now; nobody can say when absent. */
  readonly clockState?: (() => ClockState) | undefined;
}

/** What is counted across the timelines of a source. */
export interface Tally {
  messages: number;
  bytes: number;
  lagMs: number;
  /** How far the newest log time of a live source is behind this machine's clock, ms. */
  clockOffsetMs?: number;
  /** Connections of the source that ended. */
  reconnects?: number;
  /** Messages that were not looked at, by reason. */
  dropped?: Record<string, number>;
  /** Log time that the window holds, seconds. */
  windowS?: number;
  /** Times each rule fired. */
  fired: Record<string, number>;
  suppressed: number;
  /** Of the rule sets that run now; another set begins another. */
  rules: RuleTally;
  shadow: RuleTally | undefined;
  topics: Record<string, TopicTally>;
  /** Of each scorer's last scores, ms. */
  latencies: Record<string, number[]>;
}

/** What came of one topic. */
export interface TopicTally {
  readonly messages: number;
  /** Of the messages' data alone, without what a container writes around them. */
  readonly bytes: number;
}

/**
 * Messages and their bytes by topic; a block is counted by channel ids, and topics are looked up
 * now and then.
 */
export class TopicCounts {
  #counts = new Uint32Array(16);
  /** As doubles: what a camera gives between two looks may be more than 32 bits hold. */
  #bytes = new Float64Array(16);

  channel({ id }: Channel): void {
    if (id < this.#counts.length) return;
    const [counts, bytes] = [new Uint32Array(2 * (id + 1)), new Float64Array(2 * (id + 1))];
    counts.set(this.#counts);
    bytes.set(this.#bytes);
    [this.#counts, this.#bytes] = [counts, bytes];
  }

  block({ channelIds, count, starts, ends }: MessageBlock): void {
    const [counts, bytes] = [this.#counts, this.#bytes];
    for (let i = 0; i < count; i += 1) {
      const id = channelIds[i] ?? 0;
      counts[id] = (counts[id] ?? 0) + 1;
      bytes[id] = (bytes[id] ?? 0) + (ends[i] ?? 0) - (starts[i] ?? 0);
    }
  }

  addTo(topics: Record<string, TopicTally>, channels: Iterable<Channel>): void {
    for (const { id, topic } of channels) {
      const messages = this.#counts[id] ?? 0;
      if (messages === 0) continue;
      const before = ownOf(topics, topic);
      topics[topic] = {
        messages: (before?.messages ?? 0) + messages,
        bytes: (before?.bytes ?? 0) + (this.#bytes[id] ?? 0),
      };
    }
    this.#counts.fill(0);
    this.#bytes.fill(0);
  }
}

/** Keeps the latencies of the last scores. */
export function noteLatency({ latencies }: Tally, { scorer, latencyMs }: ScoreRecord): void {
  const own = ownOf(latencies, scorer) ?? [];
  latencies[scorer] = own;
  own.push(latencyMs);
  if (own.length > maxLatencies) own.shift();
}
