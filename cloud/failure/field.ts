/**
 * The worker's part that takes a labelled failure to its end: into the regression set, into the
 * dataset version that holds its clip, out with the release of the model that fixed it, and closed
 * by the field itself. How far it followed is kept with what it did: twice is once.
 */
import type { Ids } from '@fieldloop/core';
import { fieldEveryMs, fieldRows } from '../device-limits.ts';
import type { Db } from '../store/db.ts';
import { keepPlace, openPlace } from '../store/place.ts';
import { putRegressionCase } from '../store/regression.ts';
import { findRelease } from '../store/release-ref.ts';
import { openTail, type OutboxItem } from '../store/tail.ts';
import { openLoop, type WorkerDeps } from '../store/work.ts';
import { exposedHours, fieldVerdict } from './exposure.ts';
import type { Failure } from './failure.ts';
import { failureOfRow, failureRows, failureStore } from './store.ts';

const settingName = 'failure_field';
const actor = 'system';
const followed = ['failure.labelled', 'dataset_version.ready', 'rollout.completed'];

type FieldDeps = Pick<WorkerDeps, 'read' | 'write' | 'clock' | 'ids' | 'log'>;

/** Opens the part; disposing it leaves nothing running. */
export async function openFailureField(deps: FieldDeps): Promise<AsyncDisposable> {
  const { write, clock, ids } = deps;
  await using opened = new AsyncDisposableStack();
  const from = await openPlace(write, settingName);
  opened.use(
    await openTail(deps, { from, kinds: followed }, async (rows) => {
      await write.transaction().execute(async (trx) => {
        for (const row of rows) await followField(trx, row, { ids, at: clock.now() });
        await keepPlace(trx, settingName, rows.at(-1)?.seq ?? from);
      });
    }),
  );
  opened.use(
    openLoop(deps, { name: 'failures in the field', everyMs: fieldEveryMs }, async () => {
      await judgeField(deps);
    }),
  );
  return opened.move();
}

export async function followField(
  trx: Db,
  { kind, subject, body }: OutboxItem,
  deps: { readonly ids: Pick<Ids, 'ulid'>; readonly at: number },
): Promise<void> {
  if (kind === 'failure.labelled') {
    await putRegressionCase(trx, subject, { ...deps, by: actor });
  } else if (kind === 'dataset_version.ready') {
    await intoVersion(trx, subject, deps.at);
  } else if (kind === 'rollout.completed') {
    const { release } = (body ?? {}) as { readonly release?: string };
    if (release !== undefined) await withRelease(trx, release, deps.at);
  }
}

/** Failures whose clip trains, calibrates or tests in this version. */
async function intoVersion(trx: Db, version: string, at: number): Promise<void> {
  const rows = await failureRows(trx)
    .where('failure.state', '=', 'labelled')
    .where((of) =>
      of(
        'failure.clip_id',
        'in',
        of.selectFrom('dataset_item').select('clip_id').where('version_id', '=', version),
      ),
    )
    .execute();
  for (const failure of rows.map(failureOfRow)) {
    await step(trx, failure, { at, state: 'in_dataset', detail: { version } }, version);
  }
}

/** Failures that a model of this release fixed. */
async function withRelease(trx: Db, ref: string, at: number): Promise<void> {
  const release = await findRelease(trx, ref);
  const models = release === undefined ? [] : await versionsIn(trx, release.manifest);
  if (release === undefined || models.length === 0) return;
  const rows = await failureRows(trx)
    .where('failure.state', '=', 'fixed_in')
    .where('failure.model', 'in', models)
    .execute();
  for (const failure of rows.map(failureOfRow)) {
    const detail = { release: release.id, digest: release.digest };
    const why = `${release.name} ${release.semver} runs on every robot of its rollout`;
    const known = { action: 'advance', actor, at, state: 'released' as const, why, detail };
    await failureStore(trx).step(failure, known, { release: release.id });
  }
}

interface Component {
  readonly kind: string;
  readonly name: string;
  readonly artifact: { readonly sha256: string };
}

const modelsOf = (manifest: string): readonly Component[] =>
  (JSON.parse(manifest) as { readonly components: readonly Component[] }).components.filter(
    ({ kind }) => kind === 'onnx-model',
  );

async function versionsIn(trx: Db, manifest: string): Promise<readonly string[]> {
  const digests = modelsOf(manifest).map(({ artifact }) => artifact.sha256);
  if (digests.length === 0) return [];
  const rows = await trx
    .selectFrom('model_version')
    .select('id')
    .where('onnx_sha256', 'in', digests)
    .execute();
  return rows.map(({ id }) => id);
}

async function step(
  trx: Db,
  failure: Failure,
  of: Pick<Parameters<ReturnType<typeof failureStore>['step']>[1], 'at' | 'state' | 'detail'>,
  version: string,
): Promise<void> {
  const why = 'its clip is in the version';
  const known = { action: 'advance', actor, why, ...of };
  await failureStore(trx).step(failure, known, { datasetVersion: version });
}

/** Looks at every released failure, page by page. */
export async function judgeField(deps: Pick<FieldDeps, 'read' | 'write' | 'clock'>): Promise<void> {
  for (let after = ''; ; ) {
    const rows = await failureRows(deps.read)
      .where('failure.state', '=', 'released')
      .where('failure.id', '>', after)
      .orderBy('failure.id')
      .limit(fieldRows)
      .execute();
    for (const failure of rows.map(failureOfRow)) await judgeOne(deps, failure);
    if (rows.length < fieldRows) return;
    after = rows.at(-1)?.id ?? '';
  }
}

async function judgeOne(
  { read, write, clock }: Pick<FieldDeps, 'read' | 'write' | 'clock'>,
  failure: Failure,
): Promise<void> {
  const found = await evidenceOf(read, failure);
  if (found === undefined || found.verdict.state === 'unproven') return;
  const { verdict, detail } = found;
  const said =
    verdict.state === 'proven'
      ? {
          state: 'closed' as const,
          action: 'close',
          why: `none in ${detail.hours.toFixed(1)} h, ${verdict.expected.toFixed(1)} were to be expected`,
        }
      : {
          state: 'recurred' as const,
          action: 'reopen',
          why: `it came back ${verdict.failures} times on the model that was to fix it`,
        };
  await write.transaction().execute(async (trx) => {
    const now = await failureStore(trx).get(failure.id);
    if (now?.state !== 'released') return;
    await failureStore(trx).step(now, { ...said, actor, at: clock.now(), detail });
  });
}

/** What the field says of a released failure; undefined while no robot runs the model. */
export async function evidenceOf(db: Db, failure: Failure) {
  const release =
    failure.release === undefined ? undefined : await findRelease(db, failure.release);
  if (release === undefined) return undefined;
  const held = await heldStretches(db, modelsOf(release.manifest));
  if (held.length === 0) return undefined;
  const devices = [...new Set(held.map(({ device }) => device))];
  let [hours, hoursBefore] = [0, 0];
  for (const device of devices) {
    const own = held.filter((one) => one.device === device);
    const spent = exposedHours(await recordedBy(db, device), own);
    hours += spent.within;
    hoursBefore += spent.before;
  }
  const since = held.reduce((least, { fromNs }) => (fromNs < least ? fromNs : least), latestNs);
  const alike = await likeFailures(db, failure, devices);
  const again = alike.filter(({ device, startNs }) =>
    held.some(
      (one) =>
        one.device === device &&
        startNs >= one.fromNs &&
        (one.toNs === undefined || startNs < one.toNs),
    ),
  );
  const before = alike.filter(({ startNs }) => startNs < since).length;
  const verdict = fieldVerdict(
    { hours: hoursBefore, failures: before },
    { hours, failures: again.length },
  );
  return {
    verdict,
    detail: { hours, hoursBefore, failuresBefore: before, failures: again.length },
  };
}

const latestNs = (1n << 63n) - 1n;

/** When robots were measured to run one of these models. */
async function heldStretches(db: Db, models: readonly Component[]) {
  if (models.length === 0) return [];
  const rows = await db
    .selectFrom('property_interval')
    .select(['device_id', 'from_at', 'to_at'])
    .where((of) =>
      of.or(
        models.map(({ name, artifact }) =>
          of.and([of('key', '=', `models.${name}`), of('text', '=', artifact.sha256)]),
        ),
      ),
    )
    .execute();
  return rows.map((row) => ({
    device: row.device_id,
    fromNs: row.from_at * 1_000_000n,
    toNs: row.to_at === null ? undefined : row.to_at * 1_000_000n,
  }));
}

async function recordedBy(db: Db, device: string) {
  const rows = await db
    .selectFrom('session')
    .select(['start_ns', 'end_ns'])
    .where('device_id', '=', device)
    .execute();
  return rows.map((row) => ({ fromNs: row.start_ns, toNs: row.end_ns }));
}

/** Of the cluster, or of the kind where there is none. */
async function likeFailures(db: Db, failure: Failure, devices: readonly string[]) {
  const rows = db
    .selectFrom('failure')
    .select(['device_id', 'start_ns'])
    .where('device_id', 'in', devices)
    .where('state', 'not in', ['wont_fix', 'not_a_failure']);
  const alike =
    failure.cluster === undefined
      ? rows.where('kind', '=', failure.kind)
      : rows.where('cluster', '=', failure.cluster);
  const found = await alike.execute();
  return found.map((row) => ({ device: row.device_id, startNs: row.start_ns }));
}
