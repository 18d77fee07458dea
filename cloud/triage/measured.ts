/** How well each scorer ranks failures on audit labels, alone and against entropy. Pure. */
import { seededRandom } from '@fieldloop/core';
import { auroc, pairedAuroc } from '@fieldloop/learning';
import type { PlanCalls } from './plan-calls.ts';
import { firstHolder, type MeasuredScorer } from './triage.ts';

type Input = PlanCalls['measure']['input'];

/** In the order of the scorers' names. Each is compared on the units that have both scores. */
export function measureScorers({ failed, group, scores, seed }: Input): readonly MeasuredScorer[] {
  const entropy = scores[firstHolder];
  return Object.keys(scores)
    .toSorted()
    .flatMap((scorer) => {
      const own = scores[scorer];
      if (own === undefined) return [];
      const alone = picked({ failed, group, a: own, b: new Float64Array(own.length) });
      if (alone.failed.length === 0) return [];
      const found = pairedAuroc(alone, seededRandom(`${seed}/${scorer}`));
      const paired =
        scorer === firstHolder || entropy === undefined
          ? undefined
          : picked({ failed, group, a: own, b: entropy });
      const lead = paired && pairedAuroc(paired, seededRandom(`${seed}/${scorer}/lead`));
      const value = auroc({ scores: alone.a, failed: alone.failed });
      return [
        {
          scorer,
          labels: paired?.failed.length ?? alone.failed.length,
          auroc: finite(value),
          // Against a score that says nothing, whose AUROC is one half.
          aurocLow: finite((found?.low ?? Number.NaN) + 0.5),
          aurocHigh: finite((found?.high ?? Number.NaN) + 0.5),
          difference: finite(lead?.value ?? Number.NaN),
          low: finite(lead?.low ?? Number.NaN),
          high: finite(lead?.high ?? Number.NaN),
        },
      ];
    });
}

const finite = (value: number): number | undefined => (Number.isFinite(value) ? value : undefined);

interface Pairs {
  readonly failed: Uint8Array;
  readonly group: Int32Array;
  readonly a: Float64Array;
  readonly b: Float64Array;
}

function picked({ failed, group, a, b }: Pairs): Pairs {
  const kept = Array.from(a, (_, i) => i).filter((i) => !Number.isNaN(a[i]) && !Number.isNaN(b[i]));
  const groups = new Map<number, number>();
  const of = (values: Float64Array | Uint8Array): readonly number[] =>
    kept.map((i) => values[i] ?? 0);
  return {
    a: Float64Array.from(of(a)),
    b: Float64Array.from(of(b)),
    failed: Uint8Array.from(of(failed)),
    group: Int32Array.from(kept, (i) => {
      const one = group[i] ?? 0;
      const known = groups.get(one) ?? groups.size;
      groups.set(one, known);
      return known;
    }),
  };
}
