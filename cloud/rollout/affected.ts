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

export interface RunningQuery {
  /** Only these. */
  readonly devices?: readonly string[];
  /** `some` of its models and rules is enough, or `every` one must run. */
  readonly parts?: 'some' | 'every';
}

/** In the order of ids. */
export async function devicesRunning(
  db: Db,
  release: ReleaseRef,
  { devices, parts = 'some' }: RunningQuery = {},
): Promise<readonly AffectedDevice[]> {
  const manifest = JSON.parse(release.manifest) as ReleaseManifest;
  const rules = await ruleRefOf(db, release.manifest, '-');
  const wanted = wantedOf(manifest, rules?.digest);
  const told = Map.groupBy(await reportsOf(db, devices), ({ id }) => id);
  const found: AffectedDevice[] = [];
  for (const [id, rows] of told) {
    const runs = rows.flatMap(({ section, document }) =>
      section === 'models'
        ? modelsRun(JSON.parse(document), wanted)
        : rulesRun(JSON.parse(document), wanted),
    );
    const all = parts === 'some' ? 1 : partsOf(wanted);
    if (runs.filter((one) => one).length < all) continue;
    found.push({ id, online: rows[0]?.online === 1n });
  }
  return found;
}

const devicesTogether = 500;

async function reportsOf(db: Db, devices: readonly string[] | undefined) {
  const rows = db
    .selectFrom('device_report as r')
    .innerJoin('device as d', 'd.id', 'r.device_id')
    .select(['d.id', 'd.online', 'r.section', 'r.document'])
    .where('r.section', 'in', ['models', 'rules'])
    .where('d.state', 'not in', ['revoked', 'decommissioned'])
    .orderBy('d.id')
    .orderBy('r.section');
  if (devices === undefined) return await rows.execute();
  const found: Awaited<ReturnType<typeof rows.execute>> = [];
  for (let from = 0; from < devices.length; from += devicesTogether) {
    const some = devices.slice(from, from + devicesTogether);
    found.push(...(await rows.where('d.id', 'in', some).execute()));
  }
  return found;
}

/** Models, scripts and rule sets that a device with all of it tells of. */
const partsOf = ({ models, sims, rules }: Wanted): number =>
  Object.keys(models).length + Object.keys(sims).length + (rules === undefined ? 0 : 1);

/** Of each that is wanted, whether it runs. */
function modelsRun(document: unknown, { models, sims }: Wanted): readonly boolean[] {
  const running = readModelsReport(document)?.running ?? {};
  return [
    ...Object.entries(models).map(([id, { onnx }]) => running[id]?.sha256 === onnx),
    ...Object.entries(sims).map(([id, sha256]) => running[id]?.sha256 === sha256),
  ];
}

const rulesRun = (document: unknown, { rules }: Wanted): readonly boolean[] =>
  rules === undefined ? [] : [readRulesReport(document)?.digest === rules];
