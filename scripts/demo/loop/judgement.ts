/**
 * How simulated people decide at gates: by rules that are said on the screen, from what the public
 * API shows them. Whoever cannot sign says no, with the reason. Pure.
 */

export interface Answer {
  readonly option: string;
  readonly reason: string;
}

/** A gate of a data set version or of an evaluation. */
export interface Finding {
  readonly name: string;
  readonly outcome: string;
  readonly reason: string;
}

export const rules = [
  'Jon signs a version when nothing in it is red.',
  'Jon lets an evaluation that cannot tell go on when nothing failed, more was won than lost,',
  '  overall and in each slice of 30, and calibration is at most .05 worse by its best guess.',
  'Jon and Mara approve the digest that was evaluated, on a pass or under that same rule, and a',
  '  plan that begins with one robot of three and stops at the first that says no.',
  'Mara promotes a canary that took the model and did not fail since; else it is taken back.',
];

/** Whether to train on a version that is not green. */
export function signVersion(gates: readonly Finding[]): Answer {
  const red = gates.find(({ outcome }) => outcome !== 'pass' && outcome !== 'warn');
  if (red !== undefined) return { option: 'reject', reason: `${red.name}: ${red.reason}` };
  return { option: 'approve', reason: 'nothing is red' };
}

export interface Evaluated {
  readonly outcome: string;
  readonly gates: readonly Finding[];
  readonly comparison: { readonly lost: number; readonly won: number } | null;
  readonly calibration: { readonly difference: number } | null;
  readonly slices: readonly {
    readonly kind: string;
    readonly name: string;
    readonly n: number;
    readonly lost: number | null;
    readonly won: number | null;
  }[];
}

const judgedSlice = 30;
const mostCalibration = 0.05;

/** What speaks against an evaluation; undefined when it may go on. */
export function objectionTo(of: Evaluated): string | undefined {
  if (of.outcome === 'pass') return undefined;
  const failed = of.gates.find(({ outcome }) => outcome === 'fail');
  if (failed !== undefined) return `${failed.name} failed: ${failed.reason}`;
  if (of.comparison === null) return 'there is nothing to compare it with';
  const { lost, won } = of.comparison;
  if (won <= lost) return `${won} units were won and ${lost} lost`;
  const worse = of.slices.find((one) => one.n >= judgedSlice && (one.lost ?? 0) > (one.won ?? 0));
  if (worse !== undefined) {
    return `in ${worse.kind} ${worse.name} ${worse.won} were won and ${worse.lost} lost`;
  }
  const calibration = of.calibration?.difference ?? 0;
  return calibration > mostCalibration
    ? `calibration is ${calibration.toFixed(3)} worse by its best guess`
    : undefined;
}

export function signEvaluation(of: Evaluated): Answer {
  const objection = objectionTo(of);
  if (objection !== undefined) return { option: 'reject', reason: objection };
  const { won = 0, lost = 0 } = of.comparison ?? {};
  return { option: 'go_on', reason: `nothing failed, ${won} units won and ${lost} lost` };
}

export interface Approval {
  /** What the gate is about, and the digest of the release as the API shows it. */
  readonly asked: string;
  readonly release: string;
  /** Hash of the evaluation that stands in the release's evidence, and of the one that was read. */
  readonly named: string | undefined;
  readonly read: string;
  readonly evaluation: Evaluated;
}

export function signRelease({ asked, release, named, read, evaluation }: Approval): Answer {
  if (asked !== release) return { option: 'reject', reason: 'the release has another digest' };
  if (named !== read) return { option: 'reject', reason: 'another evaluation is its evidence' };
  const objection = objectionTo(evaluation);
  if (objection !== undefined) return { option: 'reject', reason: objection };
  return {
    option: 'approve',
    reason: `its evaluation is ${evaluation.outcome} and of these bytes`,
  };
}

export interface Plan {
  readonly stages: readonly { readonly percent?: number | undefined }[];
  readonly hardStops: Readonly<Record<string, number>>;
}

const mustStop = ['rejected', 'failed', 'rolled_back', 'silent_after_activate'];

export function signPlan(plan: Plan, of: { readonly asked: string; readonly shown: string }) {
  const loose = mustStop.find((name) => plan.hardStops[name] !== 1);
  const first = plan.stages[0]?.percent ?? 100;
  if (of.asked !== of.shown) return { option: 'reject', reason: 'the plan has another digest' };
  if (first > 34) return { option: 'reject', reason: `it begins with ${first} % of the robots` };
  if (loose !== undefined) return { option: 'reject', reason: `it goes on when one is ${loose}` };
  return { option: 'approve', reason: 'one robot first, and one that says no stops it' };
}

export interface Canary {
  readonly device: string;
  readonly state: string;
  readonly fault?: string | undefined;
  /** Failures since it runs the model; undefined when that is not known. */
  readonly failures: number | undefined;
}

export function signStage(canaries: readonly Canary[]): Answer {
  const took = canaries.filter(({ state }) => state === 'committed');
  const bad = canaries.find((one) => one.fault !== undefined || one.failures !== 0);
  if (bad !== undefined) {
    const why = bad.fault ?? `failed ${bad.failures ?? 'an unknown number of'} times since`;
    return { option: 'rollback', reason: `${bad.device}: ${why}` };
  }
  if (took.length === 0) return { option: 'rollback', reason: 'no robot took it' };
  const names = took.map(({ device }) => device).join(', ');
  return { option: 'promote', reason: `${names} runs it and did not fail since` };
}
