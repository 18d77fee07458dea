/**
 * Goal: a version is a function of its inputs, its splits keep drives apart, and its sign-off is
 * written once.
 * Method: labels of many drives, builds with a real blob store, and looks at rows, lines and gates.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256Hex } from '@fieldloop/core';
import { type SnapshotItem, splitOf } from '@fieldloop/learning';
import { expect, test } from 'vitest';
import { openDiskBlobs } from '../blob/disk.ts';
import type { BlobStore } from '../blob/blob.ts';
import type { OpenStore, StoreWorld } from '../store/store.contract.ts';
import { outboxAfter } from '../store/tail.ts';
import { buildVersion } from './build.ts';
import type { DatasetSettings } from './dataset.ts';
import {
  labelId,
  plantClip,
  plantDrives,
  plantGround,
  plantLabels,
  sampleSettings,
} from './dataset.sample.ts';
import { itemsOf } from './lines.ts';
import { datasetStore } from './store.ts';
import { rebuildVersion, verifyVersion } from './verify.ts';

interface World extends StoreWorld {
  readonly blobs: BlobStore;
  build(of?: {
    readonly asOf?: number;
    readonly publish?: boolean;
    readonly batches?: readonly string[];
  }): ReturnType<typeof buildVersion>;
}

const by = { by: 'usr_1', at: 50 };

async function openWorld(open: OpenStore, settings: DatasetSettings): Promise<World> {
  const world = await open();
  const folder = await mkdtemp(join(tmpdir(), 'fieldloop-dataset-'));
  const blobs = await openDiskBlobs(folder);
  await plantGround(world.db);
  await datasetStore(world.db).create({ id: 'dst_1', name: 'wall', settings }, by);
  let builds = 0;
  return Object.assign(world, {
    blobs,
    build: async (of: Parameters<World['build']>[0] = {}) => {
      builds += 1;
      const context = {
        id: `op_${builds}`,
        read: world.db,
        write: world.db,
        bytes: blobs,
        clock: { now: () => 60, monotonicMs: () => 0, sleep: async () => undefined },
        signal: new AbortController().signal,
        progress: () => undefined,
      };
      return await buildVersion({ dataset: 'wall', asOf: 40, by: 'usr_1', ...of }, context);
    },
    [Symbol.asyncDispose]: async () => {
      await world.db.destroy();
      await rm(folder, { recursive: true });
    },
  });
}

const items = async (world: World, id: string): Promise<readonly SnapshotItem[]> => {
  const version = await datasetStore(world.db).demandVersion(id);
  const found: SnapshotItem[] = [];
  for await (const item of itemsOf(world.blobs, version.itemsSha256)) found.push(item);
  return found;
};

const verifying = (world: World) => ({
  read: world.db,
  bytes: world.blobs,
  signal: new AbortController().signal,
  progress: () => undefined,
});

export function datasetBuildContract(name: string, open: OpenStore): void {
  test(`${name}: the same labels give the same id, in any order of arrival`, async () => {
    const ids: string[] = [];
    for (const isReversed of [false, true]) {
      await using world = await openWorld(open, sampleSettings);
      const deviceId = await world.deviceId('amr-01');
      const clips = [await plantClip(world.db, 1), await plantClip(world.db, 2)];
      const labels = Array.from({ length: 40 }, (_, i) => ({
        n: i + 1,
        clipId: clips[i % 2] ?? '',
        deviceId,
        session: `s${i % 2}`,
        class: 'left',
        frame: i,
        lane: 'audit' as const,
      }));
      await plantLabels(world.db, isReversed ? labels.toReversed() : labels);
      ids.push((await world.build()).version);
      expect((await world.build()).version).toBe(ids[0]);
    }
    expect(ids[0]).toBe(ids[1]);
    expect(ids[0]).toMatch(/^[0-9a-f]{64}$/);
  });

  test(`${name}: whole drives are split; test holds the audit's alone`, async () => {
    await using world = await openWorld(open, sampleSettings);
    const labels = await plantDrives(world.db, await world.deviceId('amr-01'), { count: 800 });
    const { version: id } = await world.build();
    const version = await datasetStore(world.db).demandVersion(id);
    const found = await items(world, id);
    expect(sha256Hex(version.manifestText)).toBe(id);
    const expected = labels.map(({ n, session, deviceId, lane }) => ({
      label: labelId(n),
      split: splitOf(
        sampleSettings.splitRule,
        { lane: lane ?? 'unchosen', group: `${deviceId}/${session}` },
        new Set(),
      ),
    }));
    const placed = expected.filter(({ split }) => split !== undefined);
    expect(new Map(found.map(({ label, split }) => [label, split]))).toEqual(
      new Map(placed.map(({ label, split }) => [label, split])),
    );
    const tests = found.filter(({ split }) => split === 'test');
    expect(tests.length).toBeGreaterThan(5);
    expect(new Set(tests.map(({ selectedBy }) => selectedBy.lane))).toEqual(new Set(['audit']));
    expect(version.manifest.counts.leftOut).toEqual({
      chosen_in_test_group: expected.length - placed.length,
    });
    // The draw's propensity times the robot's.
    expect(tests[0]?.selectedBy.propensity).toBeCloseTo(0.05);
    const splits = Map.groupBy(found, ({ group }) => group);
    for (const own of splits.values()) expect(new Set(own.map(({ split }) => split)).size).toBe(1);
    const order = found.map(({ clipSha256, range, labelSha256 }) =>
      [clipSha256, range.startNs, labelSha256].join(),
    );
    expect(order).toEqual(order.toSorted());
    const rows = await world.db
      .selectFrom('dataset_item')
      .select(['label_id', 'split', 'lane'])
      .where('version_id', '=', id)
      .orderBy('n')
      .execute();
    expect(rows.map((row) => row.label_id)).toEqual(found.map(({ label }) => label));
  });

  test(`${name}: a session that a regression case holds out never trains`, async () => {
    await using world = await openWorld(open, sampleSettings);
    const deviceId = await world.deviceId('amr-01');
    const [label] = await plantDrives(world.db, deviceId, { count: 100 });
    await world.db
      .insertInto('failure')
      .values({
        id: 'flr_1',
        kind: 'x',
        severity: 'warning',
        device_id: deviceId,
        start_ns: 1,
        end_ns: 1,
        conditions: '{}',
        source: 'operator',
        link: 'linked',
        state: 'labelled',
        created_by: 'usr_1',
        created_at: 1,
        updated_at: 1,
        version: 1,
      })
      .execute();
    await world.db
      .insertInto('regression_case')
      .values({
        id: 'rgc_1',
        failure_id: 'flr_1',
        clip_id: label?.clipId ?? '',
        clip_sha256: sha256Hex('x'),
        device_id: deviceId,
        session_id: label?.session ?? '',
        start_ns: 1,
        end_ns: 2,
        class: 'left',
        share: 0.9,
        held_out: 1,
        state: 'active',
        created_by: 'usr_1',
        created_at: 1,
        updated_at: 1,
        version: 1,
      })
      .execute();
    const found = await items(world, (await world.build()).version);
    const held = found.filter(({ session }) => session === label?.session);
    expect(held).toHaveLength(20);
    expect(new Set(held.map(({ split }) => split))).toEqual(new Set(['regression']));
  });

  test(`${name}: near-equal moments of two splits are left out of train, or the gate fails`, async () => {
    for (const onLeak of ['drop', 'fail'] as const) {
      const gates = { ...sampleSettings.gates, onLeak };
      await using world = await openWorld(open, { ...sampleSettings, gates });
      const deviceId = await world.deviceId('amr-01');
      const labels = await plantDrives(world.db, deviceId, { count: 800 });
      const splitOfLabel = (one: (typeof labels)[number]) =>
        splitOf(
          sampleSettings.splitRule,
          { lane: one.lane ?? 'unchosen', group: `${deviceId}/${one.session}` },
          new Set(),
        );
      const tested = labels.find((one) => splitOfLabel(one) === 'test');
      const [near, far] = labels.filter((one) => splitOfLabel(one) === 'train');
      const embed = async (n: number | undefined, values: readonly number[]) => {
        const embedding = Buffer.from(new Float32Array(values).buffer).toString('base64');
        await world.db
          .updateTable('triage_unit')
          .set({ embedding })
          .where('n', '=', BigInt(n ?? 0))
          .execute();
      };
      await embed(tested?.n, [1, 0.02, 0]);
      await embed(near?.n, [2, 0, 0]);
      await embed(far?.n, [1, 0.9, 0]);
      const { version: id } = await world.build();
      const found = new Set((await items(world, id)).map(({ label }) => label));
      expect(found.has(labelId(far?.n ?? 0))).toBe(true);
      expect(found.has(labelId(near?.n ?? 0))).toBe(onLeak === 'fail');
      const version = await datasetStore(world.db).demandVersion(id);
      const leak = version.gates.find(({ gate }) => gate === 'leak');
      expect(leak?.outcome).toBe(onLeak === 'drop' ? 'pass' : 'fail');
      expect(leak?.offenders?.[0]).toContain(labelId(near?.n ?? 0));
      expect(version.manifest.counts.leftOut['near_equal']).toBe(onLeak === 'drop' ? 1 : undefined);
    }
  });

  test(`${name}: a version is built again from what it recorded, whatever came since`, async () => {
    await using world = await openWorld(open, sampleSettings);
    const deviceId = await world.deviceId('amr-01');
    await plantDrives(world.db, deviceId, { count: 100, blobs: world.blobs });
    const { version: id } = await world.build();
    const clip = (await items(world, id))[0]?.clip ?? '';
    // What changes later: more labels, a tag, a label that is taken back.
    await plantDrives(world.db, deviceId, { from: 101, count: 40, at: 45, blobs: world.blobs });
    await world.db
      .insertInto('clip_term')
      .values({ kind: 'tag', term: 'privacy-raw', start_ns: 1, clip_id: clip })
      .execute();
    await world.db
      .updateTable('label')
      .set({ superseded_by: labelId(101) })
      .where('id', '=', labelId(1))
      .execute();
    const version = await datasetStore(world.db).demandVersion(id);
    expect(await rebuildVersion(verifying(world), version)).toEqual({
      version: id,
      rebuilt: id,
      same: true,
      differs: [],
    });
    expect(await verifyVersion(verifying(world), version)).toMatchObject({ ok: true, clips: 5 });
    // A label whose value was changed behind the product's back is found.
    await world.db
      .updateTable('label')
      .set({ sha256: sha256Hex('other') })
      .where('id', '=', labelId(2))
      .execute();
    const again = await rebuildVersion(verifying(world), version);
    expect(again).toMatchObject({ same: false, differs: ['itemsSha256'] });
    await world.blobs.remove((await items(world, id))[0]?.clipSha256 ?? '');
    const broken = await verifyVersion(verifying(world), version);
    expect(broken).toMatchObject({ ok: false, wrong: [{ what: clip, why: 'missing' }] });
  });

  test(`${name}: green gates publish; red ones take a reason, and a decision stands`, async () => {
    const gates = { ...sampleSettings.gates, testMinimum: 1, classMinimum: 1 };
    await using world = await openWorld(open, { ...sampleSettings, gates });
    const deviceId = await world.deviceId('amr-01');
    await plantDrives(world.db, deviceId, { count: 800, blobs: world.blobs });
    const green = await world.build({ publish: true });
    expect(green).toMatchObject({ state: 'ready', outcome: 'pass', unchanged: false });
    expect(await world.build({ asOf: 41 })).toMatchObject({
      version: green.version,
      unchanged: true,
    });
    await world.db.updateTable('task').set({ state: 'open' }).where('id', '>', '').execute();
    await plantDrives(world.db, deviceId, { from: 801, count: 20, at: 42, blobs: world.blobs });
    const red = await world.build({ asOf: 43, publish: true });
    expect(red).toMatchObject({ state: 'draft', outcome: 'fail' });
    const store = datasetStore(world.db);
    const version = await store.demandVersion(red.version);
    expect(version.parent).toBe(green.version);
    expect(version.gates.find(({ gate }) => gate === 'unresolved')).toMatchObject({
      outcome: 'fail',
      reason: '800 tasks are open, 0 may be',
    });
    await expect(store.decide(red.version, { decision: 'ready' }, by)).rejects.toMatchObject({
      code: 'invalid',
    });
    const signed = { decision: 'ready', reason: 'they are gold' } as const;
    expect(await store.decide(red.version, signed, by)).toMatchObject({ state: 'ready' });
    expect(await store.decide(red.version, signed, by)).toMatchObject({ version: 2 });
    await expect(store.decide(red.version, signed, { by: 'usr_2', at: 70 })).rejects.toMatchObject({
      code: 'conflict',
    });
    const told = (await outboxAfter(world.db, 0n)).filter(({ kind }) =>
      kind.startsWith('dataset_version.'),
    );
    expect(told.map(({ kind, subject }) => [kind, subject])).toEqual([
      ['dataset_version.created', green.version],
      ['dataset_version.ready', green.version],
      ['dataset_version.created', red.version],
      ['dataset_version.ready', red.version],
    ]);
  });

  test(`${name}: of a moment that was labelled twice the later label counts`, async () => {
    await using world = await openWorld(open, sampleSettings);
    const deviceId = await world.deviceId('amr-01');
    const clipId = await plantClip(world.db, 1);
    const one = { clipId, deviceId, session: 's', frame: 3 };
    await plantLabels(world.db, [
      { ...one, n: 1, class: 'left', at: 11 },
      { ...one, n: 2, frame: 4, class: 'left', at: 11, batch: 'b2' },
    ]);
    await world.db
      .updateTable('label')
      .set({ start_ns: 5, end_ns: 6 })
      .where('id', '>', '')
      .execute();
    const { version } = await world.build();
    expect((await items(world, version)).map(({ label }) => label)).toEqual([labelId(2)]);
    const alone = await world.build({ batches: ['b1'] });
    expect((await items(world, alone.version)).map(({ label }) => label)).toEqual([labelId(1)]);
  });
}
