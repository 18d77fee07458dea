/** The named lane: moments of logged failures, and clips that somebody asked for. */
import type { Db, Row } from '../store/db.ts';
import { framesPerFailure, namedPerWindow } from '../triage-limits.ts';
import type { TriageWindow } from './window-store.ts';

export interface Named {
  readonly unit: Row<'triage_unit'>;
  readonly reason: string;
  readonly failure?: string;
}

type Asked = Pick<TriageWindow, 'id' | 'policyId' | 'definition' | 'asOf'>;

/** In the order in which they count: severe failures first, then requests; each unit once. */
export async function namedUnits(db: Db, window: Asked): Promise<readonly Named[]> {
  const found = new Map<string, Named>();
  for (const failure of await openFailures(db, window)) {
    const units = await unitsOfClip(db, window, failure.clip_id ?? '');
    for (const unit of showing(units, failure)) {
      if (found.has(unit.id)) continue;
      const reason = `it shows the failure ${failure.id} (${failure.kind})`;
      found.set(unit.id, { unit, reason, failure: failure.id });
    }
  }
  for (const request of await openRequests(db, window)) {
    const units = await unitsOfClip(db, window, request.clip_id);
    for (const unit of spread(units, framesPerFailure)) {
      if (!found.has(unit.id)) found.set(unit.id, { unit, reason: request.reason });
    }
  }
  return [...found.values()];
}

const severities = ['critical', 'warning', 'info'];

/**
 * Failures whose clip is here and that no window named before. Of a cluster one stands before the
 * others: people work on clusters.
 */
async function openFailures(db: Db, window: Asked) {
  const rows = await db
    .selectFrom('failure')
    .select(['id', 'kind', 'severity', 'clip_id', 'cluster', 'start_ns', 'end_ns', 'created_at'])
    .where('link', '=', 'linked')
    .where('state', 'in', ['open', 'linked', 'recurred'])
    .where('created_at', '<=', BigInt(window.asOf))
    .where((of) =>
      of.not(
        of.exists(
          of
            .selectFrom('triage_choice')
            .select('triage_choice.id')
            .whereRef('triage_choice.failure_id', '=', 'failure.id')
            .where('triage_choice.window_id', '<>', window.id),
        ),
      ),
    )
    .orderBy('created_at')
    .orderBy('id')
    .limit(namedPerWindow)
    .execute();
  const seen = new Set<string>();
  const isFirst = new Map(
    rows.map(({ id, cluster }) => {
      const first = cluster === null || !seen.has(cluster);
      if (cluster !== null) seen.add(cluster);
      return [id, first];
    }),
  );
  const rank = ({ id, severity }: { readonly id: string; readonly severity: string }): number =>
    (isFirst.get(id) === true ? 0 : severities.length) + severities.indexOf(severity);
  return rows.toSorted((a, b) => rank(a) - rank(b));
}

async function openRequests(db: Db, window: Asked) {
  return await db
    .selectFrom('triage_request')
    .select(['clip_id', 'reason'])
    .where('policy_id', '=', window.policyId)
    .where('created_at', '<=', BigInt(window.asOf))
    .where((of) => of.or([of('window_id', 'is', null), of('window_id', '=', window.id)]))
    .orderBy('created_at')
    .orderBy('clip_id')
    .limit(namedPerWindow)
    .execute();
}

/** Of the newest model that scored it. */
async function unitsOfClip(db: Db, { definition }: Asked, clip: string) {
  const rows = await db
    .selectFrom('triage_unit')
    .selectAll()
    .where('clip_id', '=', clip)
    .where('model_id', '=', definition.model)
    .where('grain', '=', definition.grain)
    .orderBy('n')
    .execute();
  const newest = rows.at(-1)?.model_sha256;
  return rows
    .filter((row) => row.model_sha256 === newest)
    .toSorted((a, b) => (a.at_ns < b.at_ns ? -1 : a.at_ns > b.at_ns ? 1 : 0));
}

type UnitRow = Row<'triage_unit'>;

/** Frames inside the failure, evenly; else the one nearest to its beginning. */
function showing(
  units: readonly UnitRow[],
  failure: { readonly start_ns: bigint; readonly end_ns: bigint },
): readonly UnitRow[] {
  const inside = units.filter(
    ({ start_ns: start, end_ns: end }) => end >= failure.start_ns && start <= failure.end_ns,
  );
  if (inside.length > 0) return spread(inside, framesPerFailure);
  const away = ({ at_ns: at }: UnitRow): bigint =>
    at > failure.start_ns ? at - failure.start_ns : failure.start_ns - at;
  const [nearest] = units.toSorted((a, b) => (away(a) < away(b) ? -1 : 1));
  return nearest === undefined ? [] : [nearest];
}

function spread(units: readonly UnitRow[], most: number): readonly UnitRow[] {
  if (units.length <= most) return units;
  const last = units.length - 1;
  return Array.from({ length: most }, (_, i) => units[Math.round((i * last) / (most - 1))]).filter(
    (unit) => unit !== undefined,
  );
}
