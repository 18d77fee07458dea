/**
 * The clips that a whole session would have become, as the robot's planner makes them, with the
 * exact bytes of the messages in them, and what kept the other triggers from a clip of their own.
 */
import { type Channel, type MessageBlock, withoutRoom } from '@fieldloop/recording';
import { chosenTopics } from './clip-content.ts';
import {
  type ClipDraft,
  type ClipTrigger,
  neededFrom,
  nothingPlanned,
  planClips,
  type PlanInput,
  type PlanState,
} from './clip-plan.ts';
import { clockJumpNs } from './limits.ts';
import { openMessageSizes } from './message-sizes.ts';
import type { RuleSet } from './rule-set.ts';
import { topicFits } from './topic-pattern.ts';
import type { Extension } from './verdict.ts';

/** A clip of a backtest; its first marker is the trigger that began it. */
export interface TrialClip {
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly topics: readonly string[];
  readonly markers: readonly { readonly rule: string; readonly atNs: bigint }[];
  /**
   * Of the messages of its topics in its range, as they stand in the recording, those of thinned
   * topics as they are thinned, without topics that `maxBytes` of the capture has no room for.
   */
  readonly bytes: number;
}

export interface SessionClips {
  channel(channel: Channel): void;
  block(block: MessageBlock): void;
  fire(trigger: ClipTrigger<string>): void;
  extend(extension: Extension): void;
  /** Log time begins anew: clips that are open end. */
  jump(): void;
  /** No trigger before `watermarkNs` will come any more. */
  passed(watermarkNs: bigint): void;
  end(): {
    readonly clips: readonly TrialClip[];
    /** By rule and reason. */
    readonly suppressed: ReadonlyMap<string, ReadonlyMap<string, number>>;
  };
}

/** Topics that a clip adds by itself. */
export const isOwnTopic = (topic: string): boolean => topic.startsWith('/fieldloop/');

type Marked = TrialClip['markers'][number];

export function openSessionClips(ruleSet: RuleSet): SessionClips {
  const sizes = openMessageSizes();
  const topicOf = new Uint16Array(65_536);
  const topics: string[] = [''];
  const clips: TrialClip[] = [];
  const suppressed = new Map<string, Map<string, number>>();
  const longestNs = ruleSet.rules.reduce(
    (most, { capture }) => (capture.preNs > most ? capture.preNs : most),
    0n,
  );
  let state: PlanState<Marked> = nothingPlanned;
  const suppress = (rule: string, reason: string): void => {
    const own = suppressed.get(rule) ?? new Map<string, number>();
    own.set(reason, (own.get(reason) ?? 0) + 1);
    suppressed.set(rule, own);
  };
  const step = (input: PlanInput<Marked>): void => {
    const [next, outputs] = planClips(state, input);
    state = next;
    for (const output of outputs) {
      if (output.kind === 'cut') clips.push(clipOf(output.draft));
      else suppress(output.trigger.marker.rule, output.kind);
    }
  };
  const clipOf = (draft: ClipDraft<Marked>): TrialClip => {
    const { startNs, endNs, topics: wanted, markers, downsample, maxBytes } = draft;
    const chosen = chosenTopics(draft, topics, ruleSet.latched);
    const isAll = chosen.includes('*');
    const counts = Uint8Array.from(topics, (topic) =>
      Number(topic !== '' && !isOwnTopic(topic) && (isAll || chosen.includes(topic))),
    );
    const tickNs = tickLengths(topics, downsample);
    const sums = new Map<string, { readonly bytes: number }>();
    for (const [i, bytes] of sizes.within({ startNs, endNs, topics: counts, tickNs }).entries()) {
      if (bytes > 0) sums.set(topics[i] ?? '', { bytes });
    }
    const out = maxBytes === undefined ? [] : withoutRoom(chosen, sums, maxBytes);
    for (const topic of out) sums.delete(topic);
    const kept = [...sums.values()].reduce((sum, { bytes }) => sum + bytes, 0);
    return { startNs, endNs, topics: wanted, markers, bytes: kept };
  };
  return {
    channel({ id, topic }) {
      const known = topics.indexOf(topic);
      topicOf[id] = known === -1 ? topics.push(topic) - 1 : known;
    },
    block: (block) => sizes.add(block, topicOf),
    fire(trigger) {
      const marker = { rule: trigger.marker, atNs: trigger.atNs };
      step({ kind: 'trigger', trigger: { ...trigger, marker } });
    },
    extend: (extension) => step(extension),
    jump: () => step({ kind: 'end' }),
    passed(watermarkNs) {
      step({ kind: 'time', watermarkNs });
      const openNs = neededFrom(state) ?? watermarkNs;
      const reachNs = watermarkNs - longestNs;
      sizes.forget((openNs < reachNs ? openNs : reachNs) - clockJumpNs);
    },
    end() {
      step({ kind: 'end' });
      return { clips, suppressed };
    },
  };
}

/** Of topics that a capture thins, by their own name or the first pattern that fits. */
function tickLengths(
  topics: readonly string[],
  rates: ClipDraft<Marked>['downsample'] = {},
): ReadonlyMap<number, number> {
  return new Map(
    topics.flatMap((topic, i) => {
      const [, fitting] = Object.entries(rates).find(([one]) => topicFits(one, topic)) ?? [];
      const hz = rates[topic] ?? fitting;
      return hz === undefined ? [] : [[i, Math.max(1_000, Math.round(1e9 / hz))]];
    }),
  );
}
