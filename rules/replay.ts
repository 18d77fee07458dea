/**
 * A rule set over the items of one recording, as the robot would have run it: the pure step that
 * `fieldloop rules test` and a backtest share. Who reads the recording is the caller's matter.
 */
import type { MessageBlock, RecordingItem } from '@fieldloop/recording';
import { openEngine } from './engine.ts';
import type { EngineCounters, EngineOptions, ScoreRecord } from './engine-state.ts';
import { gatherFacts, type RecordingFacts } from './facts.ts';
import { lintAgainst } from './lint.ts';
import type { RuleProblem } from './problem.ts';
import type { RuleSet } from './rule-set.ts';
import type { Stretch } from './stretches.ts';
import type { EngineOutput } from './verdict.ts';

export interface Replay {
  /** The next item of the recording, in file order, and what it made fire. */
  take(item: RecordingItem): readonly EngineOutput[];
  /** What a model gave; before the block of its moment. */
  score(record: ScoreRecord): readonly EngineOutput[];
  /** Nothing more comes: what was held is evaluated. */
  end(): readonly EngineOutput[];
  outcome(): ReplayOutcome;
}

export interface ReplayOutcome {
  readonly counters: EngineCounters;
  readonly facts: RecordingFacts;
  readonly messages: number;
  /** Smallest and largest log time; absent without messages. */
  readonly startNs: bigint | undefined;
  readonly endNs: bigint | undefined;
  readonly stretches: readonly Stretch[];
  /** The rule set against what the recording held. */
  readonly problems: readonly RuleProblem[];
}

export function openReplay(ruleSet: RuleSet, options: EngineOptions): Replay {
  const engine = openEngine(ruleSet, options);
  const gathering = gatherFacts();
  let startNs: bigint | undefined;
  let endNs: bigint | undefined;
  const widen = ({ firstNs, lastNs }: MessageBlock): void => {
    if (startNs === undefined || firstNs < startNs) startNs = firstNs;
    if (endNs === undefined || lastNs > endNs) endNs = lastNs;
  };
  return {
    take(item) {
      gathering.take(item);
      if (item.kind === 'channel') engine.channel(0, item.channel);
      if (item.kind !== 'block' || item.block.count === 0) return [];
      widen(item.block);
      return engine.block(0, item.block);
    },
    score: (record) => engine.score(record),
    end: () => engine.flush(),
    outcome() {
      const facts = gathering.facts();
      return {
        counters: engine.counters(),
        facts,
        messages: facts.channels.reduce((sum, one) => sum + one.messages, 0),
        startNs,
        endNs,
        stretches: gathering.stretches(),
        problems: lintAgainst(ruleSet, facts),
      };
    },
  };
}
