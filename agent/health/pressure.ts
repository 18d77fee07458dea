/**
 * What is given up when the machine is short, in the order in which it goes, and when it comes
 * back. Pure. Critical moments and events are not on the list: they are never given up.
 */
import { shedAgainMs, shedCalmMs, shedCalmMostMs, shedEveryMs } from '../limits.ts';

/** Models skip frames, clips are thinner, then moments of lower severity have no clip. */
export const shedSteps = ['models', 'downsample', 'baseline', 'info', 'warning'] as const;
export type ShedStep = (typeof shedSteps)[number];

export const pressureCauses = ['cpu', 'memory', 'queue', 'heat', 'battery', 'disk'] as const;
export type PressureCause = (typeof pressureCauses)[number];

/**
 * How far each cause is on the way to its limit: 1 is at it. What has no limit or cannot be
 * measured is absent.
 */
export type Load = Readonly<Partial<Record<PressureCause, number>>>;

/** A disk without room is not helped by models that skip frames: it has its own ladder. */
export type LadderName = 'work' | 'disk';

const ladders: Readonly<Record<LadderName, readonly ShedStep[]>> = {
  work: shedSteps,
  disk: shedSteps.slice(1),
};

const causesOf: Readonly<Record<LadderName, readonly PressureCause[]>> = {
  work: ['cpu', 'memory', 'queue', 'heat', 'battery'],
  disk: ['disk'],
};

/** Below this share of a limit a cause is calm; between the two nothing changes. */
const calmShare = 0.8;

interface LadderState {
  /** Steps that are given up. */
  readonly level: number;
  /** When the last step was taken, up or down. */
  readonly changedMs: number;
  /** Since when every cause is calm. */
  readonly calmSinceMs: number | undefined;
  /** How long it must be calm before a step comes back; longer after each relapse. */
  readonly calmMs: number;
  /** When a step last came back. */
  readonly restoredMs: number | undefined;
}

export type Pressure = Readonly<Record<LadderName, LadderState>>;

/** A step that was given up or came back. */
export interface ShedChange {
  readonly ladder: LadderName;
  readonly step: ShedStep;
  readonly isGivenUp: boolean;
  readonly cause: PressureCause;
  /** Of the cause at that moment. */
  readonly share: number;
}

const calm: LadderState = {
  level: 0,
  changedMs: Number.NEGATIVE_INFINITY,
  calmSinceMs: undefined,
  calmMs: shedCalmMs,
  restoredMs: undefined,
};

export const noPressure: Pressure = { work: calm, disk: calm };

/** One look at the machine; `nowMs` is monotonic. At most one step a ladder changes. */
export function press(before: Pressure, load: Load, nowMs: number): [Pressure, ShedChange[]] {
  const [work, a] = climb('work', before.work, { load, nowMs });
  const [disk, b] = climb('disk', before.disk, { load, nowMs });
  return [{ work, disk }, [...a, ...b]];
}

/** What is given up by either ladder. */
export const given = (pressure: Pressure, ladder: LadderName): readonly ShedStep[] =>
  ladders[ladder].slice(0, pressure[ladder].level);

function climb(
  ladder: LadderName,
  state: LadderState,
  look: { readonly load: Load; readonly nowMs: number },
): [LadderState, ShedChange[]] {
  const { load, nowMs } = look;
  const { cause, share } = worst(ladder, load);
  const isCalm = share < calmShare;
  const calmSinceMs = isCalm ? (state.calmSinceMs ?? nowMs) : undefined;
  const now = { ...state, calmSinceMs };
  const change = (step: ShedStep | undefined, isGivenUp: boolean): ShedChange[] =>
    step === undefined ? [] : [{ ladder, step, isGivenUp, cause, share }];
  if (share >= 1) {
    const next = ladders[ladder][state.level];
    if (next === undefined || nowMs - state.changedMs < shedEveryMs) return [now, []];
    const up = { ...now, level: state.level + 1, changedMs: nowMs, calmMs: patience(state, nowMs) };
    return [up, change(next, true)];
  }
  if (calmSinceMs === undefined || state.level === 0) return [now, []];
  if (nowMs - Math.max(calmSinceMs, state.changedMs) < state.calmMs) return [now, []];
  const level = state.level - 1;
  const down = { ...now, level, changedMs: nowMs, restoredMs: nowMs };
  return [down, change(ladders[ladder][level], false)];
}

/** What came back and had to go again soon after waits twice as long the next time. */
function patience({ calmMs, restoredMs }: LadderState, nowMs: number): number {
  if (restoredMs === undefined || nowMs - restoredMs > shedAgainMs) return shedCalmMs;
  return Math.min(calmMs * 2, shedCalmMostMs);
}

function worst(ladder: LadderName, load: Load): { cause: PressureCause; share: number } {
  let found: { cause: PressureCause; share: number } | undefined;
  for (const cause of causesOf[ladder]) {
    const share = load[cause];
    if (share === undefined || Number.isNaN(share)) continue;
    if (found === undefined || share > found.share) found = { cause, share };
  }
  return found ?? { cause: ladder === 'disk' ? 'disk' : 'cpu', share: 0 };
}
