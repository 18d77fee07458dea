/**
 * Draws a window: reads its units, plans in a thread, and says which units go to labels, by which
 * lane and with which probability. Reading and planning change nothing, so that a dry run is the
 * same work; `write-draw.ts` keeps what was drawn.
 */
import type { FailureModel } from '@fieldloop/learning';
import type { Db } from '../store/db.ts';
import { diversityUnits, maxWindowUnits, noveltyNeighbour } from '../triage-limits.ts';
import { chosenBefore, knownEmbeddings, type Loaded, loadUnits } from './load.ts';
import { type Named, namedUnits } from './named.ts';
import { auditPropensity, type Plan, type PlanRules } from './plan.ts';
import { openPlanner, type Planner } from './planner.ts';
import type { CloudScores } from './scoring.ts';
import { failureScorer, firstHolder, type Lane, lanes, noveltyScorer } from './triage.ts';
import { modelsIn, type LaneResult, type TriageWindow, type WindowResult } from './window-store.ts';

export interface Drawn {
  readonly unit: string;
  readonly clip: string;
  readonly lane: Lane;
  readonly scorer: string;
  readonly scorerSha256: string;
  readonly propensity: number;
  readonly reason: string;
  readonly failure?: string | undefined;
  readonly value?: number | undefined;
  /** 1 for the first of its lane. */
  readonly percentile: number;
  readonly bytes: number;
  /** What the cloud's own scorers gave it. */
  readonly scores: readonly {
    readonly scorer: string;
    readonly sha256: string;
    readonly value: number;
  }[];
}

export interface DrawnWindow {
  readonly choices: readonly Drawn[];
  readonly suppressed: readonly {
    readonly unit: string;
    readonly leader: string;
    readonly cosine: number;
  }[];
  readonly result: WindowResult;
}

export type DrawScope = Pick<
  TriageWindow,
  'id' | 'policyId' | 'definition' | 'salt' | 'fromN' | 'toN' | 'asOf' | 'holder'
>;

interface Group {
  readonly sha256: string;
  readonly holder: string;
  readonly loaded: Loaded;
}

/**
 * The whole draw of a window. The same rows give the same draw. A planner that is lent stays open.
 */
export async function drawOf(
  db: Db,
  window: DrawScope,
  limit = maxWindowUnits,
  lent?: Planner,
): Promise<DrawnWindow> {
  const { definition } = window;
  const minutesPerUnit = definition.labelSeconds / 60;
  const named = withinShare(await namedUnits(db, window), window);
  const groups = await groupsOf(db, window, limit);
  const units = groups.reduce((sum, { loaded }) => sum + loaded.units.ids.length, 0);
  const bytes = groups.reduce((sum, { loaded }) => sum + sumOf(loaded.units.bytes), 0);
  const whole = { units, bytes, minutes: units * minutesPerUnit };
  const { budget, shares } = definition;
  const all = { bytes: budget.bytes, minutes: budget.labelMinutes };
  const propensity = auditPropensity(whole, all, shares.audit);
  const namedBytes = named.reduce((sum, { unit }) => sum + Number(unit.bytes), 0);
  const left = {
    bytes: Math.max(0, all.bytes - namedBytes),
    minutes: Math.max(0, all.minutes - named.length * minutesPerUnit),
  };
  const parts: Part[] = [];
  await using opened = new AsyncDisposableStack();
  const planner = lent ?? opened.use(openPlanner());
  for (const group of groups) {
    const share = units === 0 ? 0 : group.loaded.units.ids.length / units;
    const own = { bytes: left.bytes * share, minutes: left.minutes * share };
    const rules = rulesOf(window, { budget: own, minutesPerUnit, audit: propensity });
    parts.push(await planGroup(db, window, { group, rules, named, planner }));
  }
  return joined(parts, { named, propensity, minutesPerUnit });
}

async function groupsOf(db: Db, window: DrawScope, limit: number): Promise<readonly Group[]> {
  const { definition } = window;
  const range = { fromN: window.fromN, toN: window.toN };
  const models = await modelsIn(db, definition, {
    fromN: BigInt(range.fromN),
    toN: BigInt(range.toN),
  });
  const groups: Group[] = [];
  let room = limit;
  for (const { sha256, n } of models) {
    const holder = window.holder[sha256] ?? firstHolder;
    const of = { sha256, scorer: holder, range: { ...range, limit: Math.min(n, room) } };
    const loaded = await loadUnits(db, definition, of);
    room -= loaded.units.ids.length;
    groups.push({ sha256, holder, loaded });
  }
  return groups;
}

/** As many as their share of the budget pays for, in their order. */
function withinShare(named: readonly Named[], { definition }: DrawScope): readonly Named[] {
  const { budget, shares, labelSeconds } = definition;
  const left = { bytes: budget.bytes * shares.named, minutes: budget.labelMinutes * shares.named };
  return named.filter(({ unit }) => {
    const bytes = Number(unit.bytes);
    const minutes = labelSeconds / 60;
    if (bytes > left.bytes || minutes > left.minutes + 1e-5) return false;
    left.bytes -= bytes;
    left.minutes -= minutes;
    return true;
  });
}

function rulesOf(
  { definition, salt }: DrawScope,
  of: Pick<PlanRules, 'budget' | 'minutesPerUnit' | 'audit'>,
): PlanRules {
  const { duplicates, shares, diversity } = definition;
  return {
    ...of,
    salt,
    captureShare: shares.capture,
    diversity,
    diversityUnits,
    duplicates: duplicates && {
      cosine: duplicates.cosine,
      withinMs: duplicates.withinHours * 3_600_000,
    },
  };
}

interface Part {
  readonly group: Group;
  readonly plan: Plan;
  readonly scores: CloudScores;
  readonly values: Float64Array;
  readonly bytes: Float64Array;
  readonly failureSha256: string;
  readonly propensity: number;
  readonly diversity: string;
  /** Ids of units that earlier windows chose. */
  readonly before: readonly string[];
}

async function planGroup(
  db: Db,
  window: DrawScope,
  of: {
    readonly group: Group;
    readonly rules: PlanRules;
    readonly named: readonly Named[];
    readonly planner: Planner;
  },
): Promise<Part> {
  const { group, rules, planner } = of;
  const { units } = group.loaded;
  const isNamed = new Set(of.named.map(({ unit }) => unit.id));
  units.ids.forEach((id, i) => {
    if (isNamed.has(id)) units.named[i] = 1;
  });
  const wants = (scorer: string): boolean => window.definition.scorers.includes(scorer);
  const known = wants(noveltyScorer)
    ? await knownEmbeddings(db, window.definition, { sha256: group.sha256, before: window.fromN })
    : undefined;
  const failure = wants(failureScorer) ? await failureModelOf(db, window, group) : undefined;
  const before = await earlierOf(db, window, group);
  // The arrays go to the thread: what is needed afterwards is copied.
  const values = units.value.slice();
  const bytes = units.bytes.slice();
  const { plan, scores } = await planner.run('plan', {
    units: { ...units, before },
    rules,
    scoring: { known, neighbour: noveltyNeighbour, failure },
    holder:
      group.holder === noveltyScorer || group.holder === failureScorer ? group.holder : undefined,
  });
  const held = group.loaded.held;
  const notes = held === 0 ? plan.notes : [...plan.notes, `${held} units of held robots stay out`];
  return {
    group,
    plan: { ...plan, notes },
    scores,
    values:
      (group.holder === noveltyScorer ? scores.novelty : undefined) ??
      (group.holder === failureScorer ? scores.failure : undefined) ??
      values,
    bytes,
    failureSha256: failure?.sha256 ?? '',
    propensity: rules.audit,
    diversity: rules.diversity,
    before: before?.ids ?? [],
  };
}

/** What equals a moment that an earlier window chose has a label already, or will. */
async function earlierOf(db: Db, window: DrawScope, { sha256, loaded }: Group) {
  const { duplicates } = window.definition;
  const { atMs, embeddings } = loaded.units;
  if (duplicates === undefined || embeddings === undefined || atMs.length === 0) return undefined;
  const oldest = atMs.reduce((low, at) => Math.min(low, at), Infinity);
  const sinceMs = oldest - duplicates.withinHours * 3_600_000;
  return await chosenBefore(db, window, { sha256, devices: loaded.devices, sinceMs });
}

/** The newest failure model from before the window was frozen. */
async function failureModelOf(db: Db, window: DrawScope, { sha256 }: Group) {
  const row = await db
    .selectFrom('triage_failure_model')
    .select(['sha256', 'document'])
    .where('policy_id', '=', window.policyId)
    .where('model_sha256', '=', sha256)
    .where('created_at', '<=', BigInt(window.asOf))
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const model = JSON.parse(row.document) as FailureModel;
  return { model, inputs: model.mean.length, sha256: row.sha256 };
}

function joined(
  parts: readonly Part[],
  of: {
    readonly named: readonly Named[];
    readonly propensity: number;
    readonly minutesPerUnit: number;
  },
): DrawnWindow {
  const named = of.named.map(
    ({ unit, reason, failure }, i): Drawn => ({
      unit: unit.id,
      clip: unit.clip_id,
      lane: 'named',
      scorer: 'named',
      scorerSha256: '',
      propensity: 1,
      reason,
      failure,
      percentile: percentile(i, of.named.length),
      bytes: Number(unit.bytes),
      scores: [],
    }),
  );
  const choices = [...named, ...parts.flatMap(choicesOf)];
  const suppressed = parts.flatMap(suppressedOf);
  const paid = new Set(named.map(({ unit }) => unit));
  const laneOf = (lane: Lane): LaneResult => {
    const own = choices.filter((choice) => choice.lane === lane);
    const costly = lane === 'named' ? own : own.filter(({ unit }) => !paid.has(unit));
    const bytes = costly.reduce((sum, choice) => sum + choice.bytes, 0);
    return { units: own.length, bytes, minutes: costly.length * of.minutesPerUnit };
  };
  return {
    choices,
    suppressed,
    result: {
      lanes: Object.fromEntries(lanes.map((lane) => [lane, laneOf(lane)])) as WindowResult['lanes'],
      chosen: new Set(choices.map(({ unit }) => unit)).size,
      whole: Object.fromEntries(
        parts.map(({ group }) => [group.sha256, group.loaded.units.ids.length]),
      ),
      audit: { propensity: of.propensity },
      suppressed: suppressed.length,
      unscored: parts.reduce((sum, { plan }) => sum + plan.unscored, 0),
      notes: [...new Set(parts.flatMap(({ plan }) => plan.notes))],
    },
  };
}

function suppressedOf({ group, plan, before }: Part): DrawnWindow['suppressed'] {
  const { ids } = group.loaded.units;
  return Array.from(plan.suppressed.unit, (unit, i) => {
    const leader = plan.suppressed.leader[i] ?? 0;
    return {
      unit: ids[unit] ?? '',
      leader: (leader < 0 ? before[-1 - leader] : ids[leader]) ?? '',
      cosine: plan.suppressed.cosine[i] ?? 0,
    };
  });
}

function choicesOf(part: Part): readonly Drawn[] {
  const { plan, group, propensity } = part;
  const { holder, sha256 } = group;
  const holderSha = holder === failureScorer ? part.failureSha256 : sha256;
  const lane = (
    name: Lane,
    indices: readonly number[],
    of: Pick<Drawn, 'scorer' | 'scorerSha256' | 'propensity' | 'reason'>,
  ): readonly Drawn[] =>
    indices.map((i, at) => ({
      unit: group.loaded.units.ids[i] ?? '',
      clip: group.loaded.clips[i] ?? '',
      lane: name,
      ...of,
      value: numberOf(part.values[i]),
      percentile: percentile(at, indices.length),
      bytes: part.bytes[i] ?? 0,
      scores: ownScores(part, i),
    }));
  const drawn = 'the hash of salt and id fell under the audit propensity';
  return [
    ...lane('audit', plan.audit, {
      scorer: 'hash',
      scorerSha256: '',
      propensity,
      reason: drawn,
    }),
    ...lane('capture', plan.capture, {
      scorer: holder,
      scorerSha256: holderSha,
      propensity: 1,
      reason: `${holder} holds the capture lane and gave it more for its cost`,
    }),
    ...lane('diversity', plan.diversity, {
      scorer: part.diversity,
      scorerSha256: sha256,
      propensity: 1,
      reason: `${part.diversity} found it unlike what else was chosen`,
    }),
  ];
}

function ownScores({ scores, group, failureSha256 }: Part, i: number): Drawn['scores'] {
  const novelty = numberOf(scores.novelty?.[i]);
  const failure = numberOf(scores.failure?.[i]);
  return [
    ...(novelty === undefined
      ? []
      : [{ scorer: noveltyScorer, sha256: group.sha256, value: novelty }]),
    ...(failure === undefined
      ? []
      : [{ scorer: failureScorer, sha256: failureSha256, value: failure }]),
  ];
}

const numberOf = (value: number | undefined): number | undefined =>
  value === undefined || Number.isNaN(value) ? undefined : value;

const percentile = (at: number, count: number): number => (count - at) / count;

const sumOf = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0);
