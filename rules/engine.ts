/**
 * The engine: blocks of messages and scores to verdicts. Its state depends on the messages, their
 * order of arrival and the watermark alone, never on how they were cut into blocks.
 */
import { Fault, type Json } from '@fieldloop/core';
import type { Channel, MessageBlock } from '@fieldloop/recording';
import { openBudgetKeeper } from './budget.ts';
import { loadEngine, saveEngine } from './checkpoint.ts';
import type {
  EngineCounters,
  EngineOptions,
  EngineState,
  RuleCounters,
  ScoreRecord,
} from './engine-state.ts';
import { actsOf } from './fire.ts';
import { Held } from './held.ts';
import {
  declareChannel,
  endEpoch,
  flushEpoch,
  raiseWatermark,
  takeAsk,
  takeBlock,
  takeScore,
} from './intake.ts';
import * as limits from './limits.ts';
import { openMachine } from './machine.ts';
import { openProgram, type Program, type TopicPlan } from './program.ts';
import { type RuleRun, switchOff } from './rule-run.ts';
import { type PlainRuleSet, scoreTopic } from './rule-set.ts';
import { isInScope } from './scope.ts';
import { openSuppressions, type Suppression } from './suppressions.ts';
import type { EngineOutput } from './verdict.ts';

export interface Engine {
  /**
   * A channel of a source, before its first block. `source` numbers recordings that are read at
   * once: at equal log times the smaller one goes first.
   */
  channel(source: number, channel: Channel): void;
  block(source: number, block: MessageBlock): EngineOutput[];
  score(record: ScoreRecord): EngineOutput[];
  /**
   * A person asks for a clip of a `manual` rule; it fires when the watermark gets there. False when
   * there is no such rule, or nothing was read yet.
   */
  ask(ruleId: string, atNs: bigint): boolean;
  /** Nothing earlier than `watermarkNs` will come any more. */
  advance(watermarkNs: bigint): EngineOutput[];
  /** The recording ended: what was held is evaluated, at its own time. */
  flush(): EngineOutput[];
  /** After a flush, by who found that the clock was set and tells it: another epoch comes next. */
  endEpoch(): void;
  counters(): EngineCounters;
  /** What became no clip since the last call, by rule, reason and hour of log time. */
  takeSuppressions(): readonly Suppression[];
  /** The state as JSON; it goes on from there, after the channels were declared again. */
  checkpoint(): Json;
  /** Fault `conflict` when the state is that of another rule set or device. */
  restore(state: Json): void;
}

export function openEngine(ruleSet: PlainRuleSet, options: EngineOptions): Engine {
  const state = openState(ruleSet, options);
  const taken = (): EngineOutput[] => {
    const { outputs } = state;
    state.outputs = [];
    return outputs;
  };
  return {
    channel: (source, channel) => declareChannel(state, source, channel),
    block(source, block) {
      takeBlock(state, source, block);
      return taken();
    },
    score(record) {
      takeScore(state, record);
      return taken();
    },
    ask: (ruleId, atNs) => takeAsk(state, ruleId, atNs),
    advance(watermarkNs) {
      if (state.originNs === undefined) return [];
      raiseWatermark(state, Number(watermarkNs - state.originNs));
      return taken();
    },
    flush() {
      flushEpoch(state);
      return taken();
    },
    endEpoch: () => endEpoch(state),
    counters: () => countersOf(state),
    takeSuppressions: () => state.suppressions.take(),
    checkpoint: () => saveEngine(state),
    restore: (saved) => loadEngine(state, saved),
  };
}

export function openState(ruleSet: PlainRuleSet, options: EngineOptions): EngineState {
  const lateness = options.latenessNs ?? limits.latenessNs;
  if (lateness < 0n || lateness > limits.clockJumpNs) {
    throw new Fault('invalid', `a lateness of ${lateness} ns is out of range`, {
      remedy: 'Choose 0s to 5s.',
    });
  }
  const program = openProgram(ruleSet);
  const state: EngineState = {
    ruleSet,
    options,
    latenessNs: Number(lateness),
    program,
    machine: openMachine(
      program,
      actsOf(() => state),
    ),
    held: new Held(program.stride),
    topics: [...program.topics.values()],
    sources: [],
    scorers: scorersOf(ruleSet, program),
    unreadable: new Map(),
    originNs: undefined,
    newestNs: Number.NEGATIVE_INFINITY,
    watermarkNs: Number.NEGATIVE_INFINITY,
    epoch: 0,
    late: 0,
    early: 0,
    waiting: [],
    budget: ruleSet.budgets && openBudgetKeeper(ruleSet.budgets, longestPreNs(ruleSet)),
    suppressions: openSuppressions(),
    outputs: [],
  };
  for (const run of program.runs) leaveOut(run, options);
  return state;
}

/** A rule whose scope is not of this device is off from the start. */
function leaveOut(run: RuleRun, { properties }: EngineOptions): void {
  const { scope } = run.rule;
  if (scope === undefined || properties === undefined || isInScope(scope, properties)) return;
  switchOff(run, `this device is not in its scope: ${scope.text}`);
}

const longestPreNs = ({ rules }: PlainRuleSet): bigint =>
  rules.reduce((most, { capture: { preNs } }) => (preNs > most ? preNs : most), 0n);

/** A record names the model by the id of the rule set or by the id on the robot. */
function scorersOf(ruleSet: PlainRuleSet, program: Program): Map<string, TopicPlan[]> {
  const scorers = new Map<string, TopicPlan[]>();
  for (const { id, ref } of ruleSet.models) {
    const topic = program.topics.get(scoreTopic(id));
    if (topic === undefined) continue;
    for (const name of new Set([id, ref])) {
      scorers.set(name, [...(scorers.get(name) ?? []), topic]);
    }
  }
  return scorers;
}

function countersOf(state: EngineState): EngineCounters {
  const { machine, program, epoch, late, early } = state;
  return {
    epoch,
    messages: machine.messages,
    evaluations: machine.evaluations,
    late,
    faults: machine.faults,
    overflows: program.budget.overflows,
    early,
    unreadable: [...state.unreadable.values()],
    rules: Object.fromEntries(
      program.runs.map(({ rule, evaluations, fired, unknown, suppressed, off }) => {
        const told = Object.entries(suppressed).filter(
          ([reason, count]) =>
            count > 0 || reason === 'cooldown' || (reason === 'sampled_out' && rule.sample),
        );
        const counts = Object.fromEntries(told) as RuleCounters['suppressed'];
        const why = off === undefined ? {} : { off };
        return [rule.id, { evaluations, fired, unknown, suppressed: counts, ...why }];
      }),
    ),
  };
}
