/** Why a clip or a unit was chosen for labelling, or was not. */
import { Fault } from '@fieldloop/core';
import type { Db } from '../store/db.ts';
import type { Lane, Unit } from './triage.ts';
import { unitStore } from './unit-store.ts';

export interface Choice {
  readonly id: string;
  readonly unit: string;
  readonly window: string;
  readonly lane: Lane;
  readonly scorer: string;
  readonly propensity: number;
  readonly salt: string;
  readonly reason: string;
  readonly failure?: string;
  readonly value?: number;
  readonly percentile: number;
  readonly createdAt: number;
}

export interface ExplainedUnit {
  readonly unit: Unit;
  readonly scores: Readonly<Record<string, number>>;
  readonly choices: readonly Choice[];
  /** The unit that it is a near-duplicate of, and how alike. */
  readonly suppressed?: {
    readonly window: string;
    readonly leader: string;
    readonly cosine: number;
  };
  /** Windows whose draw looked at it. */
  readonly windows: readonly { readonly id: string; readonly state: string }[];
  /** In words. */
  readonly outcome: string;
}

export interface Explanation {
  readonly intake?: { readonly state: string; readonly problem?: string };
  readonly units: readonly ExplainedUnit[];
  /** Units that are not shown. */
  readonly more: number;
}

/** Units of a clip that an explanation shows: chosen and suppressed ones first. */
const shownUnits = 20;
const mostUnits = 1_200;

/** Fault `not_found` for an id that is neither a unit nor a clip. */
export async function explain(db: Db, id: string): Promise<Explanation> {
  const unit = await unitStore(db).get(id);
  if (unit !== undefined) return { units: await explained(db, [unit]), more: 0 };
  const units = await unitStore(db).ofClip(id, mostUnits);
  const intake = await db
    .selectFrom('triage_intake')
    .select(['state', 'problem'])
    .where('clip_id', '=', id)
    .executeTakeFirst();
  if (units.length === 0 && intake === undefined) {
    const clip = await db.selectFrom('clip').select('state').where('id', '=', id).execute();
    if (clip[0] === undefined) {
      throw new Fault('not_found', `there is no clip and no unit "${id.slice(0, 64)}"`, {
        remedy: 'List units with `fieldloop triage items`, clips with `fieldloop clips list`.',
      });
    }
  }
  const all = await explained(db, units);
  const first = all.toSorted((a, b) => weight(b) - weight(a));
  return {
    ...(intake === undefined
      ? {}
      : {
          intake: {
            state: intake.state,
            ...(intake.problem === null ? {} : { problem: intake.problem }),
          },
        }),
    units: first.slice(0, shownUnits),
    more: Math.max(0, first.length - shownUnits),
  };
}

const weight = ({ choices, suppressed, unit }: ExplainedUnit): number =>
  choices.length * 4 + (unit.grain === 'clip' ? 2 : 0) + (suppressed === undefined ? 0 : 1);

async function explained(db: Db, units: readonly Unit[]): Promise<readonly ExplainedUnit[]> {
  if (units.length === 0) return [];
  const ids = units.map(({ id }) => id);
  const scores = await unitStore(db).scores(ids);
  const choices = await db
    .selectFrom('triage_choice')
    .selectAll()
    .where('unit_id', 'in', ids)
    .orderBy('created_at')
    .orderBy('id')
    .execute();
  const suppressions = await db
    .selectFrom('triage_suppression')
    .selectAll()
    .where('unit_id', 'in', ids)
    .orderBy('window_id')
    .execute();
  const windows = await db
    .selectFrom('triage_window')
    .select(['id', 'state', 'from_n', 'to_n', 'definition'])
    .where('state', '<>', 'void')
    .orderBy('id')
    .execute();
  return units.map((unit) => {
    const own = choices
      .filter((row) => row.unit_id === unit.id)
      .map(
        (row): Choice => ({
          id: row.id,
          unit: row.unit_id,
          window: row.window_id,
          lane: row.lane as Lane,
          scorer: row.scorer,
          propensity: row.propensity,
          salt: row.salt,
          reason: row.reason,
          ...(row.failure_id === null ? {} : { failure: row.failure_id }),
          ...(row.value === null ? {} : { value: row.value }),
          percentile: row.percentile,
          createdAt: Number(row.created_at),
        }),
      );
    const near = suppressions.find((row) => row.unit_id === unit.id);
    const looked = windows
      .filter((row) => {
        const { model, grain } = JSON.parse(row.definition) as { model: string; grain: string };
        const isIn = unit.n > Number(row.from_n) && unit.n <= Number(row.to_n);
        return isIn && model === unit.model && grain === unit.grain;
      })
      .map(({ id, state }) => ({ id, state }));
    const base = {
      unit,
      scores: scores.get(unit.id) ?? {},
      choices: own,
      ...(near === undefined
        ? {}
        : {
            suppressed: { window: near.window_id, leader: near.leader_id, cosine: near.cosine },
          }),
      windows: looked,
    };
    return { ...base, outcome: outcomeOf(base) };
  });
}

function outcomeOf(of: Omit<ExplainedUnit, 'outcome'>): string {
  const [first] = of.choices;
  if (first !== undefined) {
    return of.choices.map(({ lane, reason }) => `${lane}: ${reason}`).join('; ');
  }
  if (of.suppressed !== undefined) {
    const alike = of.suppressed.cosine.toFixed(3);
    return `a near-duplicate of ${of.suppressed.leader} (cosine ${alike})`;
  }
  if (of.windows.some(({ state }) => state === 'drawn')) return 'the budget went to others';
  if (of.windows.length > 0) return 'its window is frozen and not drawn yet';
  return 'no window of any policy has looked at it yet';
}
