/**
 * The engine: blocks of messages and scores to verdicts. Its state depends on the messages, their
 * order of arrival and the watermark alone, never on how they were cut into blocks.
 */
import { Fault, type Json } from '@fieldloop/core';
import type { Channel, MessageBlock } from '@fieldloop/recording';
import { loadEngine, saveEngine } from './checkpoint.ts';
import type { EngineCounters, EngineOptions, EngineState, ScoreRecord } from './engine-state.ts';
import { openHeld } from './held.ts';
import { declareChannel, flushEpoch, raiseWatermark, takeBlock, takeScore } from './intake.ts';
import * as limits from './limits.ts';
import { openMachine } from './machine.ts';
import { isDrawn } from './sample.ts';
import { openProgram, type Program, type RuleRun, type TopicPlan } from './program.ts';
import { type RuleSet, scoreTopic } from './rule-set.ts';
import type { Verdict } from './verdict.ts';

export interface Engine {
  /**
   * A channel of a source, before its first block. `source` numbers recordings that are read at
   * once: at equal log times the smaller one goes first.
   */
  channel(source: number, channel: Channel): void;
  block(source: number, block: MessageBlock): Verdict[];
  score(record: ScoreRecord): Verdict[];
  /** Nothing earlier than `watermarkNs` will come any more. */
  advance(watermarkNs: bigint): Verdict[];
  /** The recording ended: what was held is evaluated, at its own time. */
  flush(): Verdict[];
  counters(): EngineCounters;
  /** The state as JSON; it goes on from there, after the channels were declared again. */
  checkpoint(): Json;
  /** Fault `conflict` when the state is that of another rule set, device or seed. */
  restore(state: Json): void;
}

export function openEngine(ruleSet: RuleSet, options: EngineOptions): Engine {
  const state = openState(ruleSet, options);
  const taken = (): Verdict[] => {
    const { verdicts } = state;
    state.verdicts = [];
    return verdicts;
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
    advance(watermarkNs) {
      if (state.originNs === undefined) return [];
      raiseWatermark(state, Number(watermarkNs - state.originNs));
      return taken();
    },
    flush() {
      flushEpoch(state);
      return taken();
    },
    counters: () => countersOf(state),
    checkpoint: () => saveEngine(state),
    restore: (saved) => loadEngine(state, saved),
  };
}

export function openState(ruleSet: RuleSet, options: EngineOptions): EngineState {
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
    machine: openMachine(program, {
      fire: (run, nowNs) => state.verdicts.push(verdictOf(state, run, nowNs)),
      isDrawn: ({ rule }, nowNs) =>
        rule.sample === undefined ||
        isDrawn(rule.sample, {
          device: options.device,
          rule: rule.id,
          atNs: (state.originNs ?? 0n) + BigInt(nowNs),
        }),
    }),
    held: openHeld(program.stride),
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
    verdicts: [],
  };
  return state;
}

/** A record names the model by the id of the rule set or by the id on the robot. */
function scorersOf(ruleSet: RuleSet, program: Program): Map<string, TopicPlan[]> {
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

function verdictOf(state: EngineState, run: RuleRun, nowNs: number): Verdict {
  const { rule } = run;
  const { name, version, digest } = state.ruleSet;
  return {
    ruleId: rule.id,
    ruleSet: name,
    version,
    digest,
    severity: rule.severity,
    tags: rule.tags,
    class: rule.class,
    atNs: (state.originNs ?? 0n) + BigInt(nowNs),
    expression: rule.expression,
    values: run.shown(),
    capture: rule.capture,
    priority: rule.priority,
    ...(rule.sample === undefined ? {} : { propensity: rule.sample.probability }),
  };
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
      program.runs.map(({ rule, evaluations, fired, unknown, cooledDown, sampledOut }) => [
        rule.id,
        {
          evaluations,
          fired,
          unknown,
          suppressed: {
            cooldown: cooledDown,
            ...(rule.sample === undefined ? {} : { sampled_out: sampledOut }),
          },
        },
      ]),
    ),
  };
}
