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
  /** Of the inputs and of what was decided: as it was written down, and as it comes out again. */
  readonly recorded: string;
  readonly reproduced?: string;
}

export function explainDecision(
  row: Pick<DecisionRow, 'seq' | 'inputs' | 'inputsDigest' | 'rule' | 'action' | 'to'>,
): Explained {
  const { seq, inputs } = row;
  const inputsDigest = sha256Hex(canonicalJson(inputs));
  const recorded = decisionHash(row);
  if (inputsDigest !== row.inputsDigest) {
    const why = 'the inputs are not those that were recorded';
    return { seq, replay: 'differs', why, recorded };
  }
  if (!isInputs(inputs)) return { seq, replay: 'person', recorded };
  const again = decide(inputs);
  const reproduced = decisionHash({ ...again, inputsDigest });
  if (reproduced === recorded) return { seq, replay: 'agrees', recorded, reproduced };
  const why = `${again.rule} would ${again.action} to ${again.to}`;
  return { seq, replay: 'differs', why, recorded, reproduced };
}

const decisionHash = (of: Pick<DecisionRow, 'inputsDigest' | 'rule' | 'action' | 'to'>): string => {
  const { inputsDigest, rule, action, to } = of;
  return sha256Hex(canonicalJson({ inputsDigest, rule, action, to }));
};

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
