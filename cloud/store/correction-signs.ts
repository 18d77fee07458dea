/** What signs of trouble are read from: interventions, sessions, audit labels, scores, failures. */
import type {
  AuditFacts,
  ClusterFacts,
  DriftFacts,
  Moment,
  RateFacts,
  SignFacts,
} from '../correction/signs.ts';
import { signFailures, signInterventions, signWindowMs } from '../care-limits.ts';
import { driftLimit, driftUnits } from '../training-limits.ts';
import type { Db } from './db.ts';
import { sql } from './kysely.ts';
import { auditedRate, championOf, driftOf, testedRate } from './policy-facts.ts';

export async function signFacts(db: Db, at: number): Promise<SignFacts> {
  const models = await db.selectFrom('model').select('name').orderBy('name').execute();
  const audits: AuditFacts[] = [];
  const drifts: DriftFacts[] = [];
  for (const { name } of models) {
    const champion = await championOf(db, name);
    if (champion === undefined) continue;
    const audit = await auditFacts(db, name, champion);
    if (audit !== undefined) audits.push(audit);
    const drift = await driftFacts(db, name, champion.onnx);
    if (drift !== undefined) drifts.push(drift);
  }
  return {
    rates: await rateFacts(db, at),
    audits,
    drifts,
    clusters: await clusterFacts(db),
  };
}

const hourNs = 3_600_000_000_000;

/** Robots with enough interventions to speak of, in the last days. */
async function rateFacts(db: Db, at: number): Promise<readonly RateFacts[]> {
  const since = BigInt(at - signWindowMs) * 1_000_000n;
  const counts = await db
    .selectFrom('correction')
    .innerJoin('device', 'device.id', 'correction.device_id')
    .select(['correction.device_id', 'device.name'])
    .select((of) => of.fn.countAll<bigint>().as('n'))
    .where('correction.source', 'in', ['marker', 'operator', 'failure'])
    .where('correction.start_ns', '>=', since)
    .groupBy(['correction.device_id', 'device.name'])
    .orderBy('correction.device_id')
    .execute();
  const many = counts.filter(({ n }) => Number(n) >= signInterventions);
  if (many.length === 0) return [];
  const driven = await db
    .selectFrom('session')
    .select(['device_id', sql<bigint | string>`sum(end_ns - start_ns)`.as('ns')])
    .where('start_ns', '>=', since)
    .groupBy('device_id')
    .execute();
  const hours = new Map(driven.map((row) => [row.device_id, Number(row.ns) / hourNs]));
  const allHours = [...hours.values()].reduce((sum, one) => sum + one, 0);
  const allEvents = counts.reduce((sum, { n }) => sum + Number(n), 0);
  const found: RateFacts[] = [];
  for (const { device_id: id, name, n } of many) {
    const newest = await newestIntervention(db, id);
    if (newest === undefined) continue;
    const own = hours.get(id) ?? 0;
    const others = { events: allEvents - Number(n), hours: allHours - own };
    found.push({ device: name, events: Number(n), hours: own, others, newest });
  }
  return found;
}

async function newestIntervention(db: Db, device: string): Promise<Moment | undefined> {
  const row = await db
    .selectFrom('correction')
    .select(['device_id', 'session_id', 'start_ns', 'end_ns', 'failure_id'])
    .where('device_id', '=', device)
    .where('source', 'in', ['marker', 'operator', 'failure'])
    .orderBy('start_ns', 'desc')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row && momentOf({ ...row, failure: row.failure_id });
}

const momentOf = (row: {
  readonly device_id: string;
  readonly session_id: string | null;
  readonly start_ns: bigint;
  readonly end_ns: bigint;
  readonly failure?: string | null;
}): Moment => ({
  deviceId: row.device_id,
  session: row.session_id ?? undefined,
  startNs: row.start_ns,
  endNs: row.end_ns,
  failure: row.failure ?? undefined,
});

interface Champion {
  readonly onnx: string;
  readonly evaluation?: string | undefined;
}

async function auditFacts(
  db: Db,
  model: string,
  { onnx, evaluation }: Champion,
): Promise<AuditFacts | undefined> {
  const audited = await auditedRate(db, onnx);
  const tested = await testedRate(db, evaluation);
  if (audited === undefined || tested === undefined || audited.low <= tested.high) return undefined;
  const row = await db
    .selectFrom('triage_choice')
    .innerJoin('triage_unit as u', 'u.id', 'triage_choice.unit_id')
    .innerJoin('label', 'label.unit_id', 'u.id')
    .select(['u.device_id', 'u.session_id', 'u.at_ns as start_ns', 'u.at_ns as end_ns'])
    .where('triage_choice.lane', '=', 'audit')
    .where('u.population', '=', 'fleet')
    .where('u.model_sha256', '=', onnx)
    .where('label.superseded_by', 'is', null)
    .whereRef('label.class', '<>', 'u.predicted')
    .orderBy('u.n', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row && { model, audited, tested, newest: momentOf(row) };
}

async function driftFacts(db: Db, model: string, onnx: string): Promise<DriftFacts | undefined> {
  const index = await driftOf(db, onnx);
  if (index === undefined || index <= driftLimit) return undefined;
  const rows = await db
    .selectFrom('triage_score')
    .innerJoin('triage_unit as u', 'u.id', 'triage_score.unit_id')
    .select(['u.device_id', 'u.session_id', 'u.at_ns as start_ns', 'u.at_ns as end_ns'])
    .select('triage_score.value')
    .where('u.model_sha256', '=', onnx)
    .where('u.population', '=', 'fleet')
    .where('triage_score.scorer', '=', 'entropy')
    .orderBy('u.n', 'desc')
    .limit(driftUnits)
    .execute();
  const [first] = rows;
  if (first === undefined) return undefined;
  const strangest = rows.reduce((most, row) => (row.value > most.value ? row : most), first);
  return { model, index, limit: driftLimit, strangest: momentOf(strangest) };
}

/** Failures that nobody has fixed, by cluster. */
async function clusterFacts(db: Db): Promise<readonly ClusterFacts[]> {
  const open = ['open', 'linked', 'labelled', 'in_dataset', 'recurred'];
  const rows = await db
    .selectFrom('failure')
    .select('cluster')
    .select((of) => of.fn.countAll<bigint>().as('n'))
    .where('state', 'in', open)
    .where('cluster', 'is not', null)
    .groupBy('cluster')
    .orderBy('cluster')
    .execute();
  const found: ClusterFacts[] = [];
  for (const { cluster, n } of rows) {
    if (cluster === null || Number(n) < signFailures) continue;
    const row = await db
      .selectFrom('failure')
      .select(['device_id', 'session_id', 'start_ns', 'end_ns', 'id as failure'])
      .where('cluster', '=', cluster)
      .where('state', 'in', open)
      .orderBy('start_ns', 'desc')
      .orderBy('id', 'desc')
      .limit(1)
      .executeTakeFirst();
    if (row !== undefined) found.push({ cluster, failures: Number(n), newest: momentOf(row) });
  }
  return found;
}
