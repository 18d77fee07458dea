/** Which devices run a release, by what they measured themselves. */
import { readModelsReport, readRulesReport } from '@fieldloop/proto';
import type { ReleaseManifest } from '../release/release.ts';
import type { Db } from '../store/db.ts';
import { type ReleaseRef, ruleRefOf } from '../store/release-ref.ts';
import { type Wanted, wantedOf } from './fold.ts';

export interface AffectedDevice {
  readonly id: string;
  readonly online: boolean;
}

/** In the order of ids. */
export async function devicesRunning(
  db: Db,
  release: ReleaseRef,
): Promise<readonly AffectedDevice[]> {
  const manifest = JSON.parse(release.manifest) as ReleaseManifest;
  const rules = await ruleRefOf(db, release.manifest, '-');
  const wanted = wantedOf(manifest, rules?.digest);
  const rollouts = await db
    .selectFrom('rollout')
    .select('id')
    .where('release_id', '=', release.id)
    .execute();
  const own = new Set(rollouts.map(({ id }) => id));
  const rows = await db
    .selectFrom('device_report as r')
    .innerJoin('device as d', 'd.id', 'r.device_id')
    .select(['d.id', 'd.online', 'r.section', 'r.document'])
    .where('r.section', 'in', ['models', 'rules'])
    .where('d.state', 'not in', ['revoked', 'decommissioned'])
    .orderBy('d.id')
    .orderBy('r.section')
    .execute();
  const found = new Map<string, AffectedDevice>();
  for (const row of rows) {
    const runs =
      row.section === 'models'
        ? runsModels(JSON.parse(row.document), wanted, own)
        : runsRules(JSON.parse(row.document), wanted);
    if (runs) found.set(row.id, { id: row.id, online: row.online === 1n });
  }
  return [...found.values()];
}

function runsModels(document: unknown, wanted: Wanted, rollouts: ReadonlySet<string>): boolean {
  const report = readModelsReport(document);
  if (report === undefined) return false;
  if (wanted.isSimulated && report.rollout !== undefined && rollouts.has(report.rollout)) {
    return report.state === 'running';
  }
  return Object.entries(wanted.models).some(
    ([id, { onnx }]) => report.running[id]?.sha256 === onnx,
  );
}

const runsRules = (document: unknown, { rules }: Wanted): boolean =>
  rules !== undefined && readRulesReport(document)?.digest === rules;
