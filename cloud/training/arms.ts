/**
 * Which labels each arm of a retrain value learns from: what no lane chose for the model is the
 * base of all of them, and to it come as many labels of one lane as of the audit. Pure.
 */
import { seededRandom } from '@fieldloop/core';

/** Lanes that are measured, beside the audit that they are measured against. */
export const measuredLanes = ['capture', 'diversity'] as const;
export type MeasuredLane = (typeof measuredLanes)[number];
export type ArmLane = MeasuredLane | 'audit';

export interface Chosen {
  readonly label: string;
  readonly lane: string;
  readonly scorer: string;
  readonly policyId: string;
  readonly model: string;
  readonly modelSha256: string;
}

export interface LanePool {
  readonly lane: ArmLane;
  /** That chose most of them. */
  readonly scorer: string;
  readonly labels: readonly string[];
}

export interface ArmPlan {
  readonly policyId: string;
  readonly model: string;
  readonly modelSha256: string;
  readonly audit: LanePool;
  /** Those with a label. */
  readonly lanes: readonly LanePool[];
  /** Labels of each arm; 0 when nothing can be measured. */
  readonly m: number;
}

/** Of the model whose doubts chose most labels; undefined when lanes chose none. */
export function planArms(chosen: readonly Chosen[], least: number): ArmPlan | undefined {
  const lanes: readonly string[] = ['audit', ...measuredLanes];
  const drawn = chosen.filter(({ lane }) => lanes.includes(lane));
  const modelSha256 = mostOf(drawn.map((one) => one.modelSha256));
  const own = drawn.filter((one) => one.modelSha256 === modelSha256);
  if (modelSha256 === undefined) return undefined;
  const pool = (lane: ArmLane): LanePool => {
    const some = own.filter((one) => one.lane === lane);
    const scorer = mostOf(some.map((one) => one.scorer)) ?? '';
    return { lane, scorer, labels: some.map(({ label }) => label) };
  };
  const audit = pool('audit');
  const pools = measuredLanes.map(pool).filter(({ labels }) => labels.length > 0);
  const enough = pools.filter(({ labels }) => labels.length >= least);
  const isMeasured = audit.labels.length >= least && enough.length > 0;
  return {
    policyId: mostOf(own.map((one) => one.policyId)) ?? '',
    model: mostOf(own.map((one) => one.model)) ?? '',
    modelSha256,
    audit,
    lanes: pools,
    m: isMeasured ? Math.min(...[audit, ...enough].map(({ labels }) => labels.length)) : 0,
  };
}

/** The one that comes most often; of equals the first by name. */
function mostOf(values: readonly string[]): string | undefined {
  const counts = [...Map.groupBy(values, (value) => value)].toSorted(
    ([a, some], [b, others]) => others.length - some.length || (a < b ? -1 : 1),
  );
  return counts[0]?.[0];
}

/** Labels that an arm does not learn from: all of its lanes but `m` of its own pool. */
export function leftOut(
  { audit, lanes, m }: Pick<ArmPlan, 'audit' | 'lanes' | 'm'>,
  lane: ArmLane,
  seed: number,
): ReadonlySet<string> {
  const out = new Set([audit, ...lanes].flatMap(({ labels }) => labels));
  const pool = [audit, ...lanes].find((one) => one.lane === lane)?.labels ?? [];
  const random = seededRandom(`${lane} ${seed}`);
  const order = pool.map((label) => ({ label, at: random.next() })).toSorted((a, b) => a.at - b.at);
  for (const { label } of order.slice(0, m)) out.delete(label);
  return out;
}
