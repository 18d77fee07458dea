/**
 * A rule set beside the one that runs: it sees the same messages, and only counts. Nothing is cut,
 * told of or scored for it; a model that the active set does not run gives it no scores.
 */
import type { Channel, MessageBlock } from '@fieldloop/recording';
import {
  type ClipDraft,
  nothingPlanned,
  openEngine,
  planClips,
  type PlanInput,
  type PlanState,
  type Properties,
  type PlainRuleSet,
  type ScoreRecord,
  triggerFor,
  type EngineOutput,
} from '@fieldloop/rules';
import { addAll, addCounts, type RuleTally } from './tally.ts';

export interface Shadow {
  channel(channel: Channel): void;
  block(block: MessageBlock): void;
  score(record: ScoreRecord): void;
  advance(watermarkNs: bigint): void;
  end(): void;
}

export interface ShadowOptions {
  readonly ruleSet: PlainRuleSet;
  readonly device: string;
  readonly properties?: Properties | undefined;
  readonly clipNs: bigint;
  readonly latenessNs: bigint;
  readonly tally: RuleTally;
  /** About how many bytes a clip of these topics and times would have. */
  readonly bytesOf: (draft: Pick<ClipDraft<unknown>, 'startNs' | 'endNs' | 'topics'>) => number;
}

export function openShadow(options: ShadowOptions): Shadow {
  const { ruleSet, device, properties, clipNs, latenessNs, tally, bytesOf } = options;
  const settings = { device, latenessNs, clipNs, properties };
  const engine = openEngine(ruleSet, settings);
  let plan: PlanState<string> = nothingPlanned;
  let counted = engine.counters();
  const step = (input: PlanInput<string>): void => {
    const [next, outputs] = planClips(plan, input);
    plan = next;
    for (const output of outputs) {
      if (output.kind !== 'cut') continue;
      tally.clips += 1;
      tally.bytes += bytesOf(output.draft);
    }
  };
  const fire = (outputs: readonly EngineOutput[]): void => {
    for (const verdict of outputs) {
      if (verdict.kind === 'extend') step(verdict);
      if (verdict.kind !== 'fire') continue;
      const { ruleId } = verdict;
      addAll(tally.fired, { [ruleId]: 1 });
      step({ kind: 'trigger', trigger: triggerFor(verdict, { clipNs, marker: ruleId }) });
    }
  };
  const count = (): void => {
    const counters = engine.counters();
    addCounts(tally, counted, counters);
    counted = counters;
    engine.takeSuppressions();
  };
  return {
    channel: (channel) => engine.channel(0, channel),
    block: (block) => fire(engine.block(0, block)),
    score: (record) => fire(engine.score(record)),
    advance(watermarkNs) {
      fire(engine.advance(watermarkNs));
      step({ kind: 'time', watermarkNs });
      count();
    },
    end() {
      fire(engine.flush());
      step({ kind: 'end' });
      count();
    },
  };
}
