/**
 * What somebody who plans a rollout should know of it, in plain words: what decides each stage, and
 * what so few robots cannot show. Pure.
 */
import { durationMs, type OnInconclusive, type RolloutPlan } from './document.ts';
import { isCompared, otherwise } from './plan.ts';

export interface PlannedStage {
  readonly name: string;
  /** Robots that run the release when it is whole. */
  readonly devices: number;
  readonly decides: string;
}

export interface AdviceFacts {
  /** By stage, as `stageSizes` counts them. */
  readonly sizes: readonly number[];
  readonly control: number;
  /** Chance that a threefold regression is halted, by metric. */
  readonly halted: Readonly<Record<string, number>>;
  readonly wayBack?: { readonly release: string; readonly missing: number } | undefined;
}

const goesOn: Readonly<Record<OnInconclusive, string>> = {
  'extend-then-human': 'a release manager decides',
  human: 'a release manager decides',
  'promote-if-no-harm': 'it goes on unless a hard stop was met',
  rollback: 'it is taken back',
};

export function stagesOf(plan: RolloutPlan, facts: AdviceFacts): readonly PlannedStage[] {
  return plan.stages.map((stage, i): PlannedStage => {
    const { name, bake = '0s', gate } = stage;
    const devices = facts.sizes[i] ?? 0;
    const then = goesOn[plan.onInconclusive[name] ?? otherwise(stage)];
    const person = gate === 'human' ? '; then a release manager' : '';
    if (devices === 0) return { name, devices, decides: `no robot: passed over${person}` };
    if (name === 'shadow') {
      return { name, devices, decides: `what the shadow counts in ${bake}${person}` };
    }
    const bakes = `hard stops in ${bake}`;
    if (!isCompared(plan, i)) return { name, devices, decides: `${bakes}${person}` };
    const judge =
      facts.control === 0
        ? `nothing to compare with: ${then}`
        : `the judge within ${stage.maxBake ?? bake}; where it cannot tell ${then}`;
    return { name, devices, decides: `${bakes}, ${judge}${person}` };
  });
}

/** Below this chance of being halted a threefold regression may well pass. */
const weakPower = 0.8;

export function adviceOf(plan: RolloutPlan, facts: AdviceFacts): readonly string[] {
  const { sizes, control, wayBack } = facts;
  const notes: string[] = [];
  const { metrics } = plan.analysis;
  const compared = plan.stages.filter((_, i) => isCompared(plan, i) && (sizes[i] ?? 0) > 0);
  if (metrics.length === 0) {
    notes.push('No metric is watched: hard stops, bakes and people alone decide.');
  } else if (control === 0) {
    notes.push('No robot is held back as control: the judge has nothing to compare with.');
  } else if (compared.length === 0) {
    notes.push('No stage before the last has robots to compare with the control.');
  } else {
    notes.push(
      ...weakOf(facts, Math.max(...compared.map((one) => sizes[plan.stages.indexOf(one)] ?? 0))),
    );
  }
  const before = Math.max(0, ...sizes.slice(0, -1));
  for (const [name, limit] of Object.entries(plan.hardStops)) {
    if (name === 'orBp' || before === 0 || limit <= before) continue;
    notes.push(
      `Hard stop ${name}: ${limit} cannot be met before the last stage, ${before} robots have it.`,
    );
  }
  if (before === 0 && sizes.length > 1) {
    notes.push('Every robot gets it in the last stage: no stage before it has one.');
  }
  if (durationMs(plan.stages[0]?.bake ?? '0s') === 0 && plan.stages.length > 1) {
    notes.push(
      `Stage ${plan.stages[0]?.name ?? ''} bakes no time: nothing is seen before the next.`,
    );
  }
  if (wayBack !== undefined && wayBack.missing > 0) {
    notes.push(
      `${wayBack.missing} robots do not run ${wayBack.release}, the way back: they wait until they do.`,
    );
  }
  return notes;
}

function weakOf({ control, halted }: AdviceFacts, canaries: number): readonly string[] {
  const best = Math.max(0, ...Object.values(halted));
  if (best >= weakPower) return [];
  const share = `${Math.round(best * 100)} %`;
  return [
    `${canaries} canaries against ${control} as control show little: of threefold regressions the ` +
      `judge would halt ${share}. A stage that it cannot tell is inconclusive, not passed.`,
  ];
}
