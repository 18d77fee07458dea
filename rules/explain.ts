/**
 * Why a rule fires or does not at one moment of a recording: each part of its condition with its
 * value, what makes a part unknown, what the rule remembers, and what it waits for. The engine runs
 * as ever up to that moment, so what is shown is what decided.
 */
import { Fault } from '@fieldloop/core';
import type { MessageBlock, RecordingItem } from '@fieldloop/recording';
import { openState } from './engine.ts';
import type { EngineOptions, EngineState, ScoreRecord } from './engine-state.ts';
import { type ExplainedRule, explainRule } from './explain-rule.ts';
import { declareChannel, flushEpoch, raiseWatermark, takeBlock, takeScore } from './intake.ts';
import * as limits from './limits.ts';
import type { RuleSet } from './rule-set.ts';

export interface OpenExplain {
  /** False once nothing that comes can change the moment any more. */
  take(item: RecordingItem): boolean;
  score(record: ScoreRecord): void;
  /** Rules in document order. Fault `not_found` when the moment is not in the recording. */
  end(): readonly ExplainedRule[];
}

export function openExplain(
  ruleSet: RuleSet,
  options: EngineOptions & { readonly atNs: bigint },
): OpenExplain {
  const { atNs } = options;
  const state = openState(ruleSet, options);
  const latenessNs = options.latenessNs ?? limits.latenessNs;
  const firedNs = new Map<string, bigint>();
  let newestNs: bigint | undefined;
  const noteFires = (): void => {
    for (const output of state.outputs) {
      if (output.kind === 'fire' || output.kind === 'shadow') {
        firedNs.set(output.ruleId, output.atNs);
      }
    }
    state.outputs = [];
  };
  const reach = (ns: bigint): void => {
    if (newestNs === undefined || ns > newestNs) newestNs = ns;
  };
  return {
    take(item) {
      if (item.kind === 'channel') declareChannel(state, 0, item.channel);
      if (item.kind !== 'block' || item.block.count === 0) return true;
      for (const part of partsUntil(item.block, atNs)) {
        if (part.kind === 'messages') takeBlock(state, 0, part.block);
        else passTo(state, least(atNs, part.ns - latenessNs));
        reach(part.kind === 'messages' ? part.block.lastNs : part.ns);
      }
      noteFires();
      return newestNs === undefined || newestNs - latenessNs <= atNs;
    },
    score(record) {
      if (record.atNs <= atNs) takeScore(state, record);
    },
    end() {
      if (newestNs === undefined || state.originNs === undefined || newestNs < atNs) {
        throw new Fault('not_found', 'the recording has no such moment', {
          remedy: 'Name a time between its first and its last message.',
        });
      }
      flushEpoch(state);
      passTo(state, atNs);
      noteFires();
      const nowNs = Number(atNs - state.originNs);
      state.program.moment.nowNs = nowNs;
      return state.program.runs.map((run) =>
        explainRule(run, { state, nowNs, atNs, firedNs: firedNs.get(run.rule.id) }),
      );
    },
  };
}

function passTo(state: EngineState, ns: bigint): void {
  if (state.originNs !== undefined) raiseWatermark(state, Number(ns - state.originNs));
}

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);

type Part =
  | { readonly kind: 'messages'; readonly block: MessageBlock }
  /** A message behind the moment: only its time counts. */
  | { readonly kind: 'later'; readonly ns: bigint };

/** Messages up to the moment as blocks; of those behind it the time, where they stand. */
function* partsUntil(block: MessageBlock, atNs: bigint): Generator<Part> {
  if (block.lastNs <= atNs) {
    yield { kind: 'messages', block };
    return;
  }
  const untilNs = Number(atNs - block.baseNs);
  let from = 0;
  for (let i = 0; i < block.count; i += 1) {
    const timeNs = block.timesNs[i] ?? 0;
    if (timeNs <= untilNs) continue;
    if (i > from) yield { kind: 'messages', block: sliced(block, from, i) };
    from = i + 1;
    yield { kind: 'later', ns: block.baseNs + BigInt(timeNs) };
  }
  if (from < block.count) yield { kind: 'messages', block: sliced(block, from, block.count) };
}

function sliced(block: MessageBlock, from: number, to: number): MessageBlock {
  const timesNs = block.timesNs.subarray(from, to);
  const at = (pick: (...times: number[]) => number): bigint =>
    block.baseNs + BigInt(timesNs.reduce((a, b) => pick(a, b)));
  return {
    ...block,
    count: to - from,
    channelIds: block.channelIds.subarray(from, to),
    sequences: block.sequences.subarray(from, to),
    starts: block.starts.subarray(from, to),
    ends: block.ends.subarray(from, to),
    timesNs,
    publishTimeNs: (i) => block.publishTimeNs(from + i),
    firstNs: at(Math.min),
    lastNs: at(Math.max),
    chunk: undefined,
  };
}
