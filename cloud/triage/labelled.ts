/** Choices whose labels are here: what every estimate is made of. */
import type { Db } from '../store/db.ts';
import type { Lane } from './triage.ts';
import type { WindowResult } from './window-store.ts';

export interface Labelled {
  readonly unit: string;
  readonly window: string;
  readonly lane: Lane;
  readonly scorer: string;
  readonly propensity: number;
  readonly propensityDevice: number;
  readonly population: string;
  readonly clip: string;
  readonly session: string;
  readonly modelSha256: string;
  readonly bytes: number;
  readonly failed: boolean;
  readonly labelledAt: number;
}

/**
 * The newest labels of what a policy's windows chose, by lane. A unit failed when its label is
 * another class than the model's.
 */
export async function labelledChoices(
  db: Db,
  policyId: string,
  query: { readonly lanes: readonly Lane[]; readonly limit: number },
): Promise<readonly Labelled[]> {
  const rows = await db
    .selectFrom('triage_choice')
    .innerJoin('triage_window', 'triage_window.id', 'triage_choice.window_id')
    .innerJoin('triage_unit', 'triage_unit.id', 'triage_choice.unit_id')
    .innerJoin('label', 'label.unit_id', 'triage_unit.id')
    .select([
      'triage_choice.unit_id',
      'triage_choice.window_id',
      'triage_choice.lane',
      'triage_choice.scorer',
      'triage_choice.propensity',
      'triage_unit.propensity_device',
      'triage_unit.population',
      'triage_unit.clip_id',
      'triage_unit.session_id',
      'triage_unit.model_sha256',
      'triage_unit.bytes',
      'triage_unit.predicted',
      'label.class',
      'label.created_at',
    ])
    .where('triage_window.policy_id', '=', policyId)
    .where('triage_window.state', '=', 'drawn')
    .where('triage_choice.lane', 'in', query.lanes)
    .where('label.superseded_by', 'is', null)
    .where('label.type', '=', 'classification')
    .where('label.class', 'is not', null)
    .orderBy('label.created_at', 'desc')
    .orderBy('triage_choice.id', 'desc')
    .limit(query.limit)
    .execute();
  // A unit that two tasks asked for counts once, with its newest label.
  const seen = new Set<string>();
  const once = rows.filter(({ unit_id: unit, lane }) => {
    const key = `${lane} ${unit}`;
    return !seen.has(key) && seen.add(key);
  });
  return once.map((row) => ({
    unit: row.unit_id,
    window: row.window_id,
    lane: row.lane as Lane,
    scorer: row.scorer,
    propensity: row.propensity,
    propensityDevice: row.propensity_device,
    population: row.population,
    clip: row.clip_id,
    session: row.session_id,
    modelSha256: row.model_sha256,
    bytes: Number(row.bytes),
    failed: row.class !== row.predicted,
    labelledAt: Number(row.created_at),
  }));
}

/** What became of the audit units of a model: an estimate says how many are missing. */
export interface AuditCounts {
  readonly modelSha256: string;
  readonly population: string;
  readonly drawn: number;
  readonly labelled: number;
  /** Their clips are gone, or their tasks were given up: they stay in the denominators. */
  readonly lost: number;
}

export async function auditCounts(db: Db, policyId: string): Promise<readonly AuditCounts[]> {
  const rows = await db
    .selectFrom('triage_choice')
    .innerJoin('triage_window', 'triage_window.id', 'triage_choice.window_id')
    .innerJoin('triage_unit', 'triage_unit.id', 'triage_choice.unit_id')
    .innerJoin('clip', 'clip.id', 'triage_choice.clip_id')
    .leftJoin('label', (join) =>
      join.onRef('label.unit_id', '=', 'triage_unit.id').on('label.superseded_by', 'is', null),
    )
    .leftJoin('task', (join) =>
      join
        .onRef('task.unit_id', '=', 'triage_unit.id')
        .onRef('task.choice_id', '=', 'triage_choice.id')
        .on('task.state', '=', 'void'),
    )
    .select(['triage_unit.model_sha256', 'triage_unit.population', 'clip.state'])
    .select((of) => [
      of.fn.count<bigint>('triage_choice.id').distinct().as('drawn'),
      of.fn.count<bigint>('label.unit_id').distinct().as('labelled'),
      of.fn.count<bigint>('task.choice_id').distinct().as('given_up'),
    ])
    .where('triage_window.policy_id', '=', policyId)
    .where('triage_window.state', '=', 'drawn')
    .where('triage_choice.lane', '=', 'audit')
    .groupBy(['triage_unit.model_sha256', 'triage_unit.population', 'clip.state'])
    .orderBy('triage_unit.model_sha256')
    .orderBy('triage_unit.population')
    .orderBy('clip.state')
    .execute();
  const parts = rows.map((row) => {
    const [drawn, labelled] = [Number(row.drawn), Number(row.labelled)];
    const gone = row.state === 'stored' ? Number(row.given_up) : drawn - labelled;
    return {
      modelSha256: row.model_sha256,
      population: row.population,
      drawn,
      labelled,
      lost: Math.min(drawn - labelled, gone),
    };
  });
  const groups = Map.groupBy(parts, (one) => `${one.modelSha256} ${one.population}`);
  return [...groups.values()].flatMap(([first, ...more]) =>
    first === undefined
      ? []
      : [
          more.reduce(
            (sum, one) => ({
              ...sum,
              drawn: sum.drawn + one.drawn,
              labelled: sum.labelled + one.labelled,
              lost: sum.lost + one.lost,
            }),
            first,
          ),
        ],
  );
}

/**
 * Baseline clips that were never read, of all that robots told of: moments of the fleet that no
 * draw could reach.
 */
export async function baselineLoss(
  db: Db,
): Promise<{ readonly lost: number; readonly of: number }> {
  const rows = await db
    .selectFrom('clip')
    .leftJoin('triage_intake', 'triage_intake.clip_id', 'clip.id')
    .select(['clip.state', 'triage_intake.state as intake'])
    .select((of) => of.fn.countAll<bigint>().as('n'))
    .where('clip.class', '=', 'baseline')
    .groupBy(['clip.state', 'triage_intake.state'])
    .execute();
  let [lost, all] = [0, 0];
  for (const { state, intake, n } of rows) {
    all += Number(n);
    const isGone = state === 'evicted' && intake !== 'read';
    if (isGone || intake === 'failed') lost += Number(n);
  }
  return { lost, of: all };
}

/** What one window's lanes other than the audit chose of one model, and what its labels say. */
export interface ChosenCounts {
  readonly window: string;
  readonly modelSha256: string;
  /** Units that could be chosen. */
  readonly whole: number;
  readonly chosen: ReadonlySet<string>;
  readonly labelled: number;
  readonly failed: number;
}

/** Of the newest windows of a policy, `limit` choices at most. */
export async function chosenCounts(
  db: Db,
  policyId: string,
  limit: number,
): Promise<readonly ChosenCounts[]> {
  const rows = await db
    .selectFrom('triage_choice')
    .innerJoin('triage_window', 'triage_window.id', 'triage_choice.window_id')
    .innerJoin('triage_unit', 'triage_unit.id', 'triage_choice.unit_id')
    .leftJoin('label', (join) =>
      join
        .onRef('label.unit_id', '=', 'triage_unit.id')
        .on('label.superseded_by', 'is', null)
        .on('label.type', '=', 'classification'),
    )
    .select(['triage_choice.window_id', 'triage_choice.unit_id', 'triage_window.result'])
    .select(['triage_unit.model_sha256', 'triage_unit.predicted', 'label.class'])
    .where('triage_window.policy_id', '=', policyId)
    .where('triage_window.state', '=', 'drawn')
    .where('triage_choice.lane', '<>', 'audit')
    .orderBy('triage_window.to_n', 'desc')
    .orderBy('triage_choice.id')
    .orderBy('label.id')
    .limit(limit)
    .execute();
  // The oldest window may be cut off in its middle.
  const cut = rows.length < limit ? undefined : rows.at(-1)?.window_id;
  const groups = Map.groupBy(
    rows.filter((row) => row.window_id !== cut),
    (row) => `${row.window_id} ${row.model_sha256}`,
  );
  return [...groups.values()].flatMap((own) => {
    const [first] = own;
    if (first === undefined) return [];
    const result = JSON.parse(first.result ?? '{}') as Partial<WindowResult>;
    const byUnit = new Map(own.map((row) => [row.unit_id, row]));
    const labels = [...byUnit.values()].filter((row) => row.class !== null);
    return [
      {
        window: first.window_id,
        modelSha256: first.model_sha256,
        whole: result.whole?.[first.model_sha256] ?? 0,
        chosen: new Set(byUnit.keys()),
        labelled: labels.length,
        failed: labels.filter((row) => row.class !== row.predicted).length,
      },
    ];
  });
}
