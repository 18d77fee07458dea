/**
 * Goal: what a device's views are made of is read the same from every database.
 * Method: telemetry, sessions, clips, gaps, connections and certificates of two devices.
 */
import { expect, test } from 'vitest';
import { sampleManifest, sampleStartNs, sampleUuid } from '../clip/clip.sample.ts';
import { clipStore } from '../clip/store.ts';
import { enrolmentStore } from '../enrolment/store.ts';
import { idOfUuid } from '../entity-id.ts';
import { sessionStore } from '../session/store.ts';
import { coverageSpans } from '../store/coverage-rows.ts';
import type { OpenStore } from '../store/store.contract.ts';
import { telemetryStore } from '../store/telemetry.ts';
import { connectionsOf, laneGaps, sampledSeries, topicsInClips } from './view-rows.ts';

const minute = 60_000;
const second = 1_000_000_000n;

export function deviceViewContract(name: string, open: OpenStore): void {
  test(`${name}: one value in ten minutes stands for a series, newer than a moment`, async () => {
    await using world = await open();
    const id = await world.deviceId('amr-01');
    const put = async (at: number, value: number) =>
      await telemetryStore(world.db).put(id, [{ series: 'topic./a.hz', unit: 'Hz', value }], at);
    for (let n = 0; n < 31; n += 1) await put(n * minute, n);
    const sampled = await sampledSeries(world.db, id, { series: ['topic./a.hz'], since: minute });
    expect(sampled.get('topic./a.hz')?.toSorted((a, b) => a - b)).toEqual([10, 20, 30]);
    expect(await sampledSeries(world.db, id, { series: [], since: 0 })).toEqual(new Map());
  });

  test(`${name}: coverage is made of what reaches into the window, of one device`, async () => {
    await using world = await open();
    const id = await world.deviceId('amr-01');
    const clips = clipStore(world.db);
    await clips.putManifest('amr-01', sampleManifest(1), 5);
    await clips.putManifest('amr-02', sampleManifest(2, { device: 'amr-02' }), 5);
    await clips.markStored('amr-01', sampleManifest(1).sha256, 9, 6);
    const touch = { startNs: sampleStartNs, endNs: sampleStartNs + 60n * second, at: 1 };
    await sessionStore(world.db).touch('amr-01', { ...touch, sessionId: sampleUuid(7) });
    const window = { startNs: sampleStartNs, endNs: sampleStartNs + 2n * second };
    const spans = await coverageSpans(world.db, { deviceId: id }, window);
    expect(spans?.map(({ state }) => state).toSorted()).toEqual(['recorded', 'stored']);
    const early = { startNs: 0n, endNs: sampleStartNs };
    expect(await coverageSpans(world.db, { deviceId: id }, early)).toEqual([]);
    const session = idOfUuid('ses', sampleUuid(7));
    const own = await coverageSpans(world.db, { deviceId: id, session }, window);
    expect(own?.map(({ state }) => state)).toEqual(['recorded']);
    expect([...(await topicsInClips(world.db, id))].toSorted()).toEqual(['/odom', '/scan']);
    const contents = await sessionStore(world.db).contents(idOfUuid('ses', sampleUuid(0xffff)));
    expect(contents).toEqual({
      clips: { on_device: 1, stored: 1 },
      storedBytes: 9,
      events: 0,
      markers: 0,
      failures: 0,
    });
  });

  test(`${name}: gaps, connections and certificates come the newest first`, async () => {
    await using world = await open();
    const gap = { device: 'amr-01', lane: 'events', origin: 1, reason: 'lost' };
    await world.db
      .insertInto('lane_gap')
      .values([
        { ...gap, seq: 1, last_seq: 3, at: 10 },
        { ...gap, seq: 7, last_seq: 7, at: 20 },
      ])
      .execute();
    const gaps = await laneGaps(world.db, 'amr-01', { startMs: 0, endMs: 20 });
    expect(gaps).toEqual([{ lane: 'events', reason: 'lost', rows: 3, at: 10 }]);
    const row = { device: 'amr-01', kind: 'control', node: 'n', remote: 'r', fingerprint: 'f' };
    await world.db
      .insertInto('connection')
      .values([
        { ...row, id: 'con_1', opened_at: 5, closed_at: 9, why: 'keepalive' },
        { ...row, id: 'con_2', opened_at: 6 },
      ])
      .execute();
    const connections = await connectionsOf(world.db, 'amr-01');
    expect(connections.map(({ id, why }) => [id, why])).toEqual([
      ['con_2', undefined],
      ['con_1', 'keepalive'],
    ]);
    const certificate = (n: number, device: string) => ({
      fingerprint: String(n).repeat(64),
      device,
      key_sha256: 'a'.repeat(64),
      serial: `s${n}`,
      not_before: 1,
      not_after: 99,
      state: 'active',
      pem: '',
      issued_at: 100,
    });
    const rows = [certificate(1, 'amr-01'), certificate(2, 'amr-02'), certificate(3, 'amr-01')];
    await world.db.insertInto('certificate').values(rows).execute();
    const enrolments = enrolmentStore(world.db);
    const serials = async (...query: Parameters<typeof enrolments.list>) =>
      (await enrolments.list(...query)).map(({ serial }) => serial);
    expect(await serials({ limit: 2 })).toEqual(['s3', 's2']);
    const after = { at: 100, fingerprint: '2'.repeat(64) };
    expect(await serials({ limit: 2, after })).toEqual(['s1']);
    expect(await serials({ limit: 9, device: 'amr-01' })).toEqual(['s3', 's1']);
  });
}
