/** A fleet of scripted devices on a real database, with a clock that a test moves. */
import { type Json, sha256Hex } from '@fieldloop/core';
import { deviceStore } from '../device/store.ts';
import { releaseStore } from '../release/store.ts';
import { parseManifest } from '../release/manifest.ts';
import { listDesired } from '../store/desired.ts';
import { bit, type Db } from '../store/db.ts';
import { settleRules } from '../rule/settle.ts';
import { parsePlan, type RolloutPlan } from './document.ts';
import { previewPlan } from './preview.ts';
import type { Rollout } from './rollout.ts';
import { rolloutStore } from './store.ts';

/** How a device takes a release: at once, slowly, not at all, or with a fault. */
export type Habit = 'good' | 'slow' | 'rejects' | 'returns' | 'silent' | 'wrong' | 'stuck';

export interface SimulatedDevice {
  readonly id: string;
  readonly name: string;
  habit: Habit;
  isOnline: boolean;
  /** Rollout and attempt that it runs, as it would say. */
  runs: string;
}

export interface FleetWorld {
  readonly db: Db;
  readonly devices: readonly SimulatedDevice[];
  now: number;
  /** Every online device looks at its wish, and says what it runs. */
  report(): Promise<void>;
  setOnline(device: SimulatedDevice, isOnline: boolean): Promise<void>;
  release(version: string, previous?: string): Promise<string>;
  start(plan: RolloutPlan): Promise<Rollout>;
  running(): readonly string[];
}

export const minute = 60_000;

/** `count` devices at four sites. */
export async function openFleet(
  db: Db,
  count: number,
  at = 1_800_000_000_000,
): Promise<FleetWorld> {
  const devices: SimulatedDevice[] = [];
  const ulid = (prefix: string, n: number): string => `${prefix}_${String(n).padStart(26, '0')}`;
  let drawn = 1000;
  for (let n = 0; n < count; n += 1) {
    const [id, name] = [ulid('dev', n + 100), `sim-${String(n).padStart(3, '0')}`];
    await deviceStore(db).create({ id, name, at: 1 });
    await db
      .updateTable('device')
      .set({ site: `site-${n % 4}`, state: 'active', online: 1, last_seen_at: at })
      .where('id', '=', id)
      .execute();
    devices.push({ id, name, habit: 'good', isOnline: true, runs: '' });
  }
  const world: FleetWorld = {
    db,
    devices,
    now: at,
    async report() {
      await db.transaction().execute(async (trx) => {
        for (const device of devices.filter(({ isOnline }) => isOnline)) {
          await seen(trx, device, world.now);
          await reportOne(trx, device, world.now);
        }
      });
    },
    async setOnline(device, isOnline) {
      device.isOnline = isOnline;
      const set = { online: bit(isOnline) };
      await db.updateTable('device').set(set).where('id', '=', device.id).execute();
    },
    async release(version, previous) {
      const { manifest } = parseManifest(simManifest(version, previous));
      if (manifest === undefined) throw new Error('the sample manifest is wrong');
      drawn += 1;
      const id = ulid('rel', drawn);
      const made = await releaseStore(db).create({
        id,
        manifest,
        author: 'usr_author',
        at: world.now,
      });
      await db
        .updateTable('release')
        .set({ state: 'released', approved_at: world.now, released_at: world.now })
        .where('id', '=', id)
        .execute();
      return made.digest;
    },
    async start(plan) {
      drawn += 1;
      const id = ulid('rol', drawn);
      const query = { rollout: id, plan, supersede: [], at: world.now };
      const preview = await previewPlan(db, query);
      return await db.transaction().execute(
        async (trx) =>
          await rolloutStore(trx).create({
            id,
            releaseId: preview.release.id,
            releaseDigest: preview.release.digest,
            plan,
            planDigest: preview.digest,
            rows: preview.rows,
            urgency: 'normal',
            by: 'usr_author',
            at: world.now,
          }),
      );
    },
    running: () => devices.map(({ runs }) => runs),
  };
  return world;
}

async function seen(db: Db, { id }: SimulatedDevice, at: number): Promise<void> {
  await db.updateTable('device').set({ last_seen_at: at }).where('id', '=', id).execute();
}

interface Wish {
  readonly rollout?: string;
  readonly attempt?: number;
  readonly sim?: Readonly<Record<string, { readonly sha256: string }>>;
  readonly shadow?: { readonly rollout?: string };
}

async function reportOne(db: Db, device: SimulatedDevice, at: number): Promise<void> {
  const desired = await listDesired(db, device.id);
  const wish = desired.find(({ section }) => section === 'models')?.document as Wish | undefined;
  if (wish === undefined) return;
  const state = wish.rollout === undefined ? 'idle' : stateOf(device, wish);
  if (state === undefined) return;
  const runs = state === 'running' ? `${wish.rollout}/${wish.attempt}` : device.runs;
  device.runs = wish.rollout === undefined ? '' : runs;
  const shadow =
    wish.shadow === undefined
      ? {}
      : { shadow: { rollout: wish.shadow.rollout ?? '', state: 'running', models: {} } };
  const document: Json = {
    digest: sha256Hex(`${device.runs}/${state}`),
    running: state === 'running' ? runningOf(device, wish, at) : {},
    state,
    ...(wish.rollout === undefined ? {} : { rollout: wish.rollout, attempt: wish.attempt ?? 0 }),
    ...shadow,
  };
  const values = { digest: sha256Hex('x'), document: JSON.stringify(document), at };
  await db
    .insertInto('device_report')
    .values({ device_id: device.id, section: 'models', ...values })
    .onConflict((conflict) => conflict.columns(['device_id', 'section']).doUpdateSet(values))
    .execute();
}

function runningOf({ habit }: SimulatedDevice, { sim = {} }: Wish, since: number): Json {
  const measured = (sha256: string): string => (habit === 'wrong' ? sha256Hex('other') : sha256);
  return Object.fromEntries(
    Object.entries(sim).map(
      ([id, { sha256 }]) => [id, { sha256: measured(sha256), since }] as const,
    ),
  );
}

function stateOf(device: SimulatedDevice, wish: Wish): string | undefined {
  const runs = device.runs === `${wish.rollout}/${wish.attempt}`;
  switch (device.habit) {
    case 'good':
    case 'wrong':
      return 'running';
    case 'slow':
      device.habit = 'good';
      return 'downloading';
    case 'rejects':
      return 'rejected';
    case 'returns':
      device.habit = runs ? 'returns' : device.habit;
      return 'rolled_back';
    case 'stuck':
      return 'downloading';
    case 'silent':
      return undefined;
    default:
      return undefined;
  }
}

const simManifest = (version: string, previous?: string): string => `
apiVersion: fieldloop.release/v1
kind: Release
name: sim-stack
version: ${version}
${previous === undefined ? '' : `previous: ${previous}`}
order: [brain]
components:
- name: brain
  kind: sim
  version: ${version}
  artifact: {path: sim/brain, sha256: ${sha256Hex(version)}, size: 1048576}
  sim: {script: [good]}
`;

export function samplePlan(change: string = '', stages: string = plainStages): RolloutPlan {
  const text = `
apiVersion: fieldloop.rollout/v1
kind: Rollout
release: sim-stack@1.0.0
selector: 'name:sim-*'
control: {percent: 20, min: 2}
stages:
${stages}
${change}
`;
  const { plan, faults } = parsePlan(text);
  if (plan === undefined || faults.length > 0) throw new Error(JSON.stringify(faults));
  return plan;
}

export const plainStages = `
- {name: canary, percent: 10, bake: 1h}
- {name: broad, percent: 80, bake: 1h}
- {name: final, percent: 100}`;

/** What the watch of a test needs beside its database. */
export const sampleWatch = (db: Db) => ({
  read: db,
  write: db,
  settleRules,
  withdrawGates: async () => await Promise.resolve(0),
});
