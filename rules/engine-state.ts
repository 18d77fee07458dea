/** What the engine is between two calls, and what goes in and out of it. */
import type { Accessor, Channel, ListAccessor } from '@fieldloop/recording';
import type { BudgetKeeper } from './budget.ts';
import type { Held } from './held.ts';
import type { Machine } from './machine-state.ts';
import type { ListPlan, Program, TopicPlan } from './program.ts';
import type { PlainRuleSet } from './rule-set.ts';
import type { Properties } from './scope.ts';
import type { Suppressions, SuppressedBy } from './suppressions.ts';
import type { EngineOutput } from './verdict.ts';

export interface EngineOptions {
  /** What is drawn is drawn for it. A state is restored only on the device of which it is. */
  readonly device: string;
  /** How late a message may come and still be put into its order; 200 ms by default. */
  readonly latenessNs?: bigint | undefined;
  /** Of the device, for rules with a `scope`; absent: every rule runs. */
  readonly properties?: Properties | undefined;
  /** Longest clip that merging makes, for budgets; 2 minutes by default. */
  readonly clipNs?: bigint | undefined;
}

/** What a model gave a moment. */
export interface ScoreRecord {
  /** The id of the model: that of the rule set, or its `ref`. */
  readonly scorer: string;
  readonly atNs: bigint;
  readonly values: Readonly<Record<string, number>>;
  readonly topClass?: string | undefined;
  /** Base64 of single precision numbers; needed by rules that sample by novelty. */
  readonly embedding?: string | undefined;
  readonly latencyMs: number;
  readonly modelSha256: string;
}

export interface EngineCounters {
  /** Raised by each jump of log time (`clockJumpNs`, `epochNs`), where all state is forgotten. */
  readonly epoch: number;
  readonly messages: number;
  readonly evaluations: number;
  /** Messages and scores behind the watermark: they change nothing. */
  readonly late: number;
  /** Values that a message should have held and did not: its bytes are corrupt. */
  readonly faults: number;
  /** Samples that windows gave up at their bound. */
  readonly overflows: number;
  /** Messages evaluated before the watermark because too many were held. */
  readonly early: number;
  /** Signals that a channel of their topic cannot give, and why. */
  readonly unreadable: readonly UnreadableSignal[];
  readonly rules: Readonly<Record<string, RuleCounters>>;
}

export interface UnreadableSignal {
  readonly topic: string;
  readonly path: string;
  readonly why: string;
}

export interface RuleCounters {
  readonly evaluations: number;
  readonly fired: number;
  /** How often the condition was looked at and was unknown. */
  readonly unknown: number;
  /** Triggers that became no clip, by reason. */
  readonly suppressed: Readonly<Partial<Record<SuppressedBy, number>>> & {
    readonly cooldown: number;
  };
  /** Why it is looked at no more: it failed, or this device is not in its scope. */
  readonly off?: string;
}

/** One channel of one source: its topic, and how its messages are read. */
export interface Handler {
  readonly channel: Channel;
  readonly topic: TopicPlan;
  readonly readers: readonly Reader[];
  readonly lists: readonly ListReader[];
  /** Reads all signals of the topic at once, where one accessor does. */
  readonly only: Accessor | undefined;
  /** Some signal of the topic is not read. */
  readonly isPartial: boolean;
  /** Messages are put into order; others count only for the watermark. */
  readonly isHeld: boolean;
}

export interface Reader {
  readonly accessor: Accessor;
  /** Its first slot among those of the topic. */
  readonly at: number;
}

/** A list of the messages of one channel. */
export interface ListReader {
  readonly accessor: ListAccessor;
  readonly plan: ListPlan;
}

/** Times are ns of the epoch. */
export interface EngineState {
  readonly ruleSet: PlainRuleSet;
  readonly options: EngineOptions;
  readonly latenessNs: number;
  readonly program: Program;
  readonly machine: Machine;
  readonly held: Held;
  /** By their index; topics that no rule reads are added as channels name them. */
  readonly topics: TopicPlan[];
  readonly sources: (Handler | undefined)[][];
  readonly scorers: ReadonlyMap<string, readonly TopicPlan[]>;
  readonly unreadable: Map<string, UnreadableSignal>;
  /** Log time of the first message of this epoch; undefined before it. */
  originNs: bigint | undefined;
  newestNs: number;
  watermarkNs: number;
  epoch: number;
  late: number;
  early: number;
  /** Scores that came before the first message. */
  readonly waiting: ScoreRecord[];
  /** Undefined when the set has no budgets. */
  readonly budget: BudgetKeeper | undefined;
  readonly suppressions: Suppressions;
  outputs: EngineOutput[];
}
