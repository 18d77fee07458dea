/** What all sessions gave, as one report: the same for the table, the JSON and the page. Pure. */
import {
  compareMoments,
  type Estimate,
  type Forecast,
  forecast,
  type RuleSet,
  type SeenRecording,
  type Severity,
} from '@fieldloop/rules';
import {
  type Costs,
  type FaultWords,
  type Found,
  type Moment,
  mostMomentsOf,
  type RuleCost,
  type SessionFound,
  type SideFound,
  type SignalSketch,
} from './protocol.ts';

export interface RuleReport {
  readonly id: string;
  readonly severity: Severity;
  readonly fires: number;
  /** Clips that one of its triggers began, and their bytes. */
  readonly clips: number;
  readonly bytes: number;
  readonly suppressed: Readonly<Record<string, number>>;
  readonly evaluations: number;
  /** Evaluations that were unknown. */
  readonly unknown: number;
  /** Nanoseconds an evaluation, with the reading of its signals; undefined when not measured. */
  readonly evaluationNs: number | undefined;
  /** Share of one core that the rule takes while a robot records. */
  readonly coreShare: number | undefined;
  /** No recording has all topics that it reads: nothing is known of it. */
  readonly isBlind: boolean;
  /** Hours of recording with all topics that it reads. */
  readonly hours: number;
  readonly firesPerDay: Estimate | undefined;
  /** Why that has no interval, where others have one. */
  readonly noInterval: string | undefined;
}

export interface ClipReport {
  readonly session: string;
  readonly file: string;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly bytes: number;
  readonly markers: readonly { readonly rule: string; readonly atNs: bigint }[];
}

/** One rule set over everything. */
export interface SideReport {
  readonly ruleSet: RuleSet;
  readonly rules: readonly RuleReport[];
  readonly clips: readonly ClipReport[];
  readonly moments: readonly Moment[];
  readonly fires: number;
  readonly bytes: number;
  readonly late: number;
  readonly faults: number;
  readonly epochs: number;
  /** Moments beyond those that are listed. */
  readonly unlisted: number;
  readonly forecast: Forecast;
  /** Undefined where recordings cover no time, as of one message, or have topics of no rule. */
  readonly perDay: Pick<Forecast, 'fires' | 'clips' | 'bytes'> | undefined;
}

export interface SessionReport {
  readonly session: string;
  readonly device: string;
  readonly files: SessionFound['files'];
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly messages: number;
  readonly sketches: readonly SignalSketch[];
}

export interface ComparedRule {
  readonly rule: string;
  readonly matched: number;
  readonly gained: readonly Moment[];
  readonly lost: readonly Moment[];
}

export interface BacktestReport {
  readonly sides: readonly SideReport[];
  readonly compared: readonly ComparedRule[] | undefined;
  readonly sessions: readonly SessionReport[];
  readonly recordedS: number;
  readonly dutyHours: number;
  /** Why estimates have no interval; undefined when they have one. */
  readonly noInterval: string | undefined;
  readonly damages: readonly FaultWords[];
  /** Files without a message. */
  readonly empty: readonly string[];
}

/** Moments of two versions that are this near are one moment, ns. */
export const nearNs = 1_000_000_000n;

export function reportOf(
  { sessions: found, costs }: Found,
  ruleSets: readonly RuleSet[],
  dutyHours: number,
): BacktestReport {
  const told = found.filter(({ sides }) => sides.length > 0);
  const sessions = told.map(sessionOf);
  const sides = ruleSets.map((ruleSet, i) =>
    sideOf(ruleSet, { told, i, costs: costs[i], dutyHours }),
  );
  const [after, before] = sides;
  const count = sessions.length;
  return {
    sides,
    compared:
      after === undefined || before === undefined
        ? undefined
        : compareMoments(before.moments, after.moments, {
            rules: [...new Set([...idsOf(after), ...idsOf(before)])],
            nearNs,
            listed: {
              before: mostMomentsOf(before.ruleSet),
              after: mostMomentsOf(after.ruleSet),
            },
          }),
    sessions,
    recordedS: (after?.forecast.recordedHours ?? 0) * 3600,
    dutyHours,
    noInterval: after?.forecast.bootstrapped === true ? undefined : `too few sessions: ${count}`,
    damages: found.flatMap(({ damages }) => damages),
    empty: found.flatMap(({ sides: own, damages, files }) =>
      own.length === 0 && damages.length === 0 ? files.map(({ path }) => path) : [],
    ),
  };
}

const isBlind = ({ rules }: Forecast): boolean => rules.every(({ basis }) => basis === 'blind');

const idsOf = ({ rules }: SideReport): string[] => rules.map(({ id }) => id);

function sessionOf({ session, device, files, sides, sketches }: SessionFound): SessionReport {
  const trial = sides[0]?.trial;
  return {
    session,
    device,
    files,
    startNs: trial?.startNs ?? 0n,
    endNs: trial?.endNs ?? 0n,
    messages: trial?.whole?.messages ?? 0,
    sketches,
  };
}

interface SideParts {
  readonly told: readonly SessionFound[];
  readonly i: number;
  readonly costs: Costs | undefined;
  readonly dutyHours: number;
}

function sideOf(ruleSet: RuleSet, parts: SideParts): SideReport {
  const { told, i, costs, dutyHours } = parts;
  const own = told.flatMap((session) => {
    const side = session.sides[i];
    return side === undefined ? [] : [{ session, side }];
  });
  const seen = own.map(({ session, side: { trial } }): SeenRecording => {
    const storedBytes = session.files.reduce((sum, { bytes }) => sum + bytes, 0);
    const { device, session: name } = session;
    return { device, session: name, sampled: true, storedBytes, trial };
  });
  const future = forecast({ ruleSet, recordings: seen, sessionS: new Map(), dutyHours });
  const clips = own.flatMap(({ session, side }) => clipsOf(session, side));
  const sum = (of: (side: SideFound) => number): number =>
    own.reduce((total, { side }) => total + of(side), 0);
  const sides = own.map(({ side }) => side);
  return {
    ruleSet,
    rules: ruleSet.rules.map(({ id, severity }) => ({
      id,
      severity,
      ...ruleOf(id, { sides, clips, cost: costs?.get(id), future }),
    })),
    clips,
    moments: sides.flatMap(({ moments }) => moments),
    fires: sum(({ trial }) => trial.triggers.length + trial.dropped),
    bytes: clips.reduce((total, clip) => total + clip.bytes, 0),
    late: sum(({ trial }) => trial.whole?.late ?? 0),
    faults: sum(({ trial }) => trial.faults),
    epochs: sum(({ trial }) => trial.whole?.epochs ?? 0),
    unlisted: sum(({ unlisted }) => unlisted),
    forecast: future,
    perDay: future.population === 'none' || isBlind(future) ? undefined : future,
  };
}

function clipsOf({ session, files }: SessionFound, { trial }: SideFound): ClipReport[] {
  return (trial.whole?.clips ?? []).map(({ startNs, endNs, bytes, markers }) => ({
    session,
    file: fileAt(files, markers[0]?.atNs ?? startNs),
    startNs: startNs < trial.startNs ? trial.startNs : startNs,
    endNs: endNs > trial.endNs ? trial.endNs : endNs,
    bytes,
    markers,
  }));
}

/** The split of a session that holds a moment. */
export function fileAt(files: SessionFound['files'], atNs: bigint): string {
  const held = files.findLast(({ startNs }) => startNs !== undefined && startNs <= atNs);
  return (held ?? files[0])?.path ?? '';
}

function ruleOf(
  id: string,
  from: {
    readonly sides: readonly SideFound[];
    readonly clips: readonly ClipReport[];
    readonly cost: RuleCost | undefined;
    readonly future: Forecast;
  },
): Omit<RuleReport, 'id' | 'severity'> {
  const { sides, cost, future } = from;
  const recordedNs = future.recordedHours * 3600e9;
  const own = sides.flatMap(({ trial }) => trial.whole?.rules.get(id) ?? []);
  const begun = from.clips.filter(({ markers }) => markers[0]?.rule === id);
  const evaluations = own.reduce((sum, one) => sum + one.evaluations, 0);
  const suppressed: Record<string, number> = {};
  for (const [reason, count] of own.flatMap((one) => Object.entries(one.suppressed))) {
    suppressed[reason] = (suppressed[reason] ?? 0) + count;
  }
  const messages = sides.reduce((sum, { trial }) => sum + (trial.whole?.messages ?? 0), 0);
  const told = future.rules.find(({ rule }) => rule === id);
  return {
    fires: own.reduce((sum, one) => sum + one.fired, 0),
    clips: begun.length,
    bytes: begun.reduce((sum, clip) => sum + clip.bytes, 0),
    suppressed,
    evaluations,
    unknown: own.reduce((sum, one) => sum + one.unknown, 0),
    evaluationNs: cost?.evaluationNs,
    coreShare:
      cost === undefined || recordedNs === 0 ? undefined : (messages * cost.messageNs) / recordedNs,
    isBlind: sides.every(({ trial }) => trial.blind.has(id)),
    hours: told?.hours ?? 0,
    firesPerDay: told?.perRobotDay,
    noInterval: told?.bootstrapped === false ? 'too few sessions have its topics' : undefined,
  };
}
