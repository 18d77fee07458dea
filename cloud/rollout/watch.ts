/**
 * The worker's part that looks after rollouts: it folds what robots report into their rows, keeps
 * deadlines, lets the judge close intervals, and brings robots that were away what their cohort
 * has. It decides nothing about a rollout: that is the workflow's.
 */
import { readModelsReport, readRulesReport } from '@fieldloop/proto';
import { rolloutStepMs } from '../release-limits.ts';
import type { ReleaseManifest } from '../release/release.ts';
import type { Db } from '../store/db.ts';
import { isFrozen, ruleRefOf } from '../store/release-ref.ts';
import { openTail } from '../store/tail.ts';
import { openLoop, type WorkerDeps } from '../store/work.ts';
import { durationMs } from './document.ts';
import { type Folded, foldReports, type Reports, type Wanted, wantedOf } from './fold.ts';
import { nextOffers } from './lane.ts';
import { laneDevices } from './look.ts';
import { closeIntervals } from './measure.ts';
import { liveStates, type Rollout, type Target } from './rollout.ts';
import { settleDevice, type SettleRules } from './settle.ts';
import { rolloutStore, type TargetChange, tell } from './store.ts';
import { offerOne } from './take.ts';

type WatchDeps = Pick<WorkerDeps, 'read' | 'write' | 'clock' | 'log'> & {
  readonly settleRules: SettleRules;
  /** Gates of a rollout that nobody has to decide any more. */
  readonly withdrawGates: (
    deps: Pick<WorkerDeps, 'read' | 'write'>,
    rollout: string,
    at: number,
  ) => Promise<number>;
};

/** Looks when a robot says something, and every few seconds. */
export async function openRolloutWatch(deps: WatchDeps): Promise<AsyncDisposable> {
  const loop = openLoop(deps, { name: 'rollouts', everyMs: rolloutStepMs }, async () => {
    await watchRollouts(deps, deps.clock.now());
  });
  const kinds = ['device.reported', 'rollout.started', 'device.online'];
  const tail = await openTail(deps, { from: 'now', kinds }, () => loop.hurry());
  return {
    async [Symbol.asyncDispose]() {
      await tail[Symbol.asyncDispose]();
      await loop[Symbol.asyncDispose]();
    },
  };
}

/** One look at every rollout whose robots may have moved. */
export async function watchRollouts(
  deps: Pick<WatchDeps, 'read' | 'write' | 'settleRules' | 'withdrawGates'>,
  at: number,
): Promise<void> {
  const store = rolloutStore(deps.read);
  for (const rollout of await store.inStates([...liveStates, 'rollback_incomplete'])) {
    if (rollout.stage >= 0) await foldRollout(deps, rollout, at);
    if (rollout.stage >= 0) await closeIntervals(deps.write, rollout.id, at);
    if (rollout.state === 'rollback_incomplete') await lastBack(deps, rollout, at);
    await deps.withdrawGates(deps, rollout.id, at);
  }
  for (const rollout of await store.unfinished()) {
    await foldRollout(deps, rollout, at);
    await lateOffers(deps, rollout, at);
  }
}

/** Reports, deadlines and devices that are gone, in one transaction where anything moved. */
async function foldRollout(
  deps: Pick<WatchDeps, 'read' | 'write' | 'settleRules'>,
  rollout: Rollout,
  at: number,
): Promise<void> {
  const manifest = await manifestOf(deps.read, rollout);
  const rules = await ruleRefOf(deps.read, JSON.stringify(manifest), rollout.id);
  const wanted = wantedOf(manifest, rules?.digest);
  const moved = await movesOf(deps.read, { rollout, wanted, at });
  if (moved.length === 0) return;
  await deps.write.transaction().execute(async (trx) => {
    if (moved.some(({ to }) => to.state !== undefined || to.told !== undefined)) {
      await tell(trx, rollout, { kind: 'rollout.moved', at });
    }
    for (const { target, to } of moved) {
      if (!(await rolloutStore(trx).moveTarget(target, to, at))) continue;
      if (to.role !== undefined && to.role !== target.role) {
        await settleDevice(trx, target.deviceId, { settleRules: deps.settleRules, at });
      }
      if (to.state === undefined || !isBad(to.state) || to.state === target.state) continue;
      const reason = to.fault?.message ?? to.state.replaceAll('_', ' ');
      const about = { at, device: target.device, state: to.state, reason };
      await tell(trx, rollout, { kind: 'rollout.device_failed', ...about });
    }
  });
}

const isBad = (state: Target['state']): boolean =>
  state === 'rejected' || state === 'failed' || state === 'silent' || state === 'rolled_back';

interface Move {
  readonly target: Target;
  readonly to: TargetChange;
}

async function movesOf(
  db: Db,
  of: { readonly rollout: Rollout; readonly wanted: Wanted; readonly at: number },
): Promise<readonly Move[]> {
  const { rollout, wanted, at } = of;
  const rows = (await rolloutStore(db).targets(rollout.id)).filter(
    ({ state, arm, role }) =>
      arm !== 'excluded' &&
      (role !== 'none' || state === 'rollback_pending' || state === 'eligible'),
  );
  const heard = await heardOf(db, rows);
  return rows.flatMap((target): Move[] => {
    const device = heard.get(target.deviceId);
    if (device === undefined) return [];
    const to = moveOf(target, { rollout, wanted, at, device });
    return to === undefined ? [] : [{ target, to }];
  });
}

interface Heard {
  readonly state: string;
  readonly online: boolean;
  readonly lastSeenAt: number;
  readonly reports: Reports;
  /** Of the newest report. */
  readonly reportAt: number;
}

function moveOf(
  target: Target,
  of: {
    readonly rollout: Rollout;
    readonly wanted: Wanted;
    readonly at: number;
    readonly device: Heard;
  },
): TargetChange | undefined {
  const { rollout, wanted, at, device } = of;
  const isGone = device.state === 'revoked' || device.state === 'decommissioned';
  if (isGone && target.state !== 'removed') return { state: 'removed', role: 'none' };
  const isNew = device.reportAt >= target.changedAt && device.reportAt > target.reportAt;
  if (isNew && target.state !== 'eligible') {
    const folded = foldReports(target, device.reports, wanted);
    const said = changed(target, folded, { at, reportAt: device.reportAt });
    // A robot that talks and gets nowhere is late all the same.
    return said.state === undefined
      ? { ...said, ...overdue(target, { rollout, at, device }) }
      : said;
  }
  return overdue(target, { rollout, at, device });
}

function changed(
  target: Target,
  folded: Folded,
  of: { readonly at: number; readonly reportAt: number },
): TargetChange {
  const { state, fault, told } = folded;
  const isSame = state === target.state;
  const begins =
    state === 'committed' && target.activatedAt === undefined && target.role === 'active';
  return {
    ...(isSame ? {} : { state }),
    ...(fault === undefined ? {} : { fault }),
    ...(told === undefined ? {} : { told }),
    ...(begins ? { activatedAt: of.at } : {}),
    reportAt: of.reportAt,
  };
}

/** Deadlines: nothing taken, nothing finished, nothing heard. */
function overdue(
  target: Target,
  of: { readonly rollout: Rollout; readonly at: number; readonly device: Heard },
): TargetChange | undefined {
  const { rollout, at, device } = of;
  const { contact, install, offer } = rollout.plan.deadlines;
  const past = (since: number, deadline: string): boolean => at - since >= durationMs(deadline);
  const offeredAt = target.offeredAt ?? target.changedAt;
  switch (target.state) {
    case 'eligible':
      return past(target.changedAt, offer) ? { state: 'expired' } : undefined;
    case 'offered':
      // Who left before it began waits in line again, and keeps nobody's place.
      if (!device.online && past(Math.max(device.lastSeenAt, offeredAt), contact)) {
        return { state: 'eligible', role: 'none' };
      }
      if (!device.online || !past(offeredAt, install)) return undefined;
      return { state: 'failed', fault: late(`it was not begun within ${install}`) };
    case 'in_progress':
      if (!device.online && past(device.lastSeenAt, contact)) {
        return { state: 'silent', fault: silent(contact), activatedAt: target.activatedAt ?? at };
      }
      return past(offeredAt, install)
        ? { state: 'failed', fault: late(`it was not done within ${install}`) }
        : undefined;
    case 'committed': {
      const since = Math.max(device.lastSeenAt, target.activatedAt ?? 0);
      const isWatched = rollout.state === 'running' && target.role === 'active';
      if (!isWatched || device.online || !past(since, contact)) return undefined;
      return { state: 'silent', fault: silent(contact) };
    }
    default:
      return undefined;
  }
}

const late = (message: string) => ({ code: 'install_deadline', message });
const silent = (contact: string) => ({ code: 'silent', message: `nothing came for ${contact}` });

async function heardOf(db: Db, targets: readonly Target[]): Promise<ReadonlyMap<string, Heard>> {
  const found = new Map<string, Heard>();
  for (let from = 0; from < targets.length; from += 250) {
    const ids = targets.slice(from, from + 250).map(({ deviceId }) => deviceId);
    const reports = await db
      .selectFrom('device_report')
      .select(['device_id', 'section', 'document', 'at'])
      .where('device_id', 'in', ids)
      .where('section', 'in', ['models', 'rules'])
      .execute();
    const byDevice = Map.groupBy(reports, (row) => row.device_id);
    const devices = await db
      .selectFrom('device')
      .select(['id', 'state', 'online', 'last_seen_at'])
      .where('id', 'in', ids)
      .execute();
    for (const row of devices) {
      const own = byDevice.get(row.id) ?? [];
      const of = (section: string): unknown => {
        const said = own.find((one) => one.section === section);
        return said === undefined ? undefined : JSON.parse(said.document);
      };
      found.set(row.id, {
        state: row.state,
        online: row.online === 1n,
        lastSeenAt: Number(row.last_seen_at ?? 0n),
        reports: { models: readModelsReport(of('models')), rules: readRulesReport(of('rules')) },
        reportAt: Math.max(0, ...own.map(({ at }) => Number(at))),
      });
    }
  }
  return found;
}

async function manifestOf(db: Db, { releaseId }: Rollout): Promise<ReleaseManifest> {
  const { manifest } = await db
    .selectFrom('release')
    .select('manifest')
    .where('id', '=', releaseId)
    .executeTakeFirstOrThrow();
  return JSON.parse(manifest) as ReleaseManifest;
}

/** Devices that were away get what their rollout completed, under the same rates. */
async function lateOffers(
  deps: Pick<WatchDeps, 'read' | 'write' | 'settleRules'>,
  rollout: Rollout,
  at: number,
): Promise<void> {
  await deps.write.transaction().execute(async (trx) => {
    const { state, manifest: text } = await trx
      .selectFrom('release')
      .select(['state', 'manifest'])
      .where('id', '=', rollout.releaseId)
      .executeTakeFirstOrThrow();
    if (state !== 'released' || (await isFrozen(trx))) return;
    const targets = await rolloutStore(trx).targets(rollout.id);
    const waiting = targets.filter(({ state: of }) => of === 'eligible');
    if (waiting.length === 0) return;
    const manifest = JSON.parse(text) as ReleaseManifest;
    const devices = await laneDevices(trx, { rollout, manifest, targets });
    const offers = nextOffers(targets, devices, rollout.plan.limits, at);
    for (const target of offers) {
      await offerOne(trx, target, 'active', { at, settleRules: deps.settleRules });
    }
  });
}

/** The last robot that could not be reached is back. */
async function lastBack(
  deps: Pick<WatchDeps, 'write'>,
  { id }: Rollout,
  at: number,
): Promise<void> {
  await deps.write.transaction().execute(async (trx) => {
    const store = rolloutStore(trx);
    const rollout = await store.get(id);
    const left = (await store.targets(id)).filter(({ state }) => state === 'rollback_pending');
    if (rollout.state !== 'rollback_incomplete' || left.length > 0) return;
    await store.decided(
      rollout,
      { state: 'rolled_back' },
      {
        rule: 'last_robot_is_back',
        action: 'note',
        inputs: { pending: 0 },
        actor: 'system',
        at,
        told: 'rollout.rolled_back',
      },
    );
  });
}
