/** Puts recorded inputs through the deciding code again: a decision that nobody changed agrees. */
import { canonicalJson, type Json, sha256Hex } from '@fieldloop/core';
import { decide, type Inputs } from './decide.ts';
import { judge, type Metric, type JudgeLimits, noEvidence, type Interval, weigh } from './judge.ts';
import type { DecisionRow } from './store.ts';

export interface Explained {
  readonly seq: number;
  /** `person`: nothing decided but somebody; there is nothing to replay. */
  readonly replay: 'agrees' | 'differs' | 'person';
  readonly why?: string;
}

export function explainDecision(
  row: Pick<DecisionRow, 'seq' | 'inputs' | 'inputsDigest' | 'rule' | 'action' | 'to'>,
): Explained {
  const { seq, inputs, inputsDigest } = row;
  if (sha256Hex(canonicalJson(inputs)) !== inputsDigest) {
    return { seq, replay: 'differs', why: 'the inputs are not those that were recorded' };
  }
  if (!isInputs(inputs)) return { seq, replay: 'person' };
  const again = decide(inputs);
  const isSame = again.rule === row.rule && again.action === row.action && again.to === row.to;
  if (isSame) return { seq, replay: 'agrees' };
  return { seq, replay: 'differs', why: `${again.rule} would ${again.action} to ${again.to}` };
}

function isInputs(value: Json): value is Json & Inputs {
  return typeof value === 'object' && value !== null && 'hardStops' in value && 'counts' in value;
}

export interface RecordedVerdict {
  readonly n: number;
  readonly counts: string;
  readonly evidence: string;
  readonly sha256: string;
}

/** Weighs all recorded intervals again; the number of the first that comes out otherwise. */
export function replayVerdicts(
  rows: readonly RecordedVerdict[],
  metrics: readonly Metric[],
  limits: JudgeLimits,
): number | undefined {
  let evidence = noEvidence;
  for (const { n, counts, sha256 } of rows) {
    evidence = weigh(evidence, metrics, JSON.parse(counts) as Interval);
    const { outcome, e, metrics: found } = judge(evidence, metrics, limits);
    const told = { outcome, e, metrics: found, evidence };
    const text = canonicalJson(told as unknown as Json);
    if (sha256Hex(`${counts}\n${text}`) !== sha256) return n;
  }
  return undefined;
}
