/**
 * Goal: a clip is known once, found by each of its properties, in an order that paging can trust.
 * Method: manifests that differ in one property each, against a fresh database of each adapter.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sampleManifest, sampleStartNs } from './clip.sample.ts';
import { openFilter } from '../http/q/filter.ts';
import { type Position, selectPage } from '../http/q/page-plan.ts';
import { clipSource } from '../http/q/sources/clips.ts';
import type { Db } from '../store/db.ts';
import type { Clip, ClipFilter } from './clip.ts';
import { clipNarrowing } from './list.ts';
import { clipOfRow, clipRows, clipStore } from './store.ts';
import type { OpenStore } from '../store/store.contract.ts';

/** As the list of the API finds them, newest first. */
async function listed(
  db: Db,
  filter: ClipFilter,
  page: { readonly after?: Position | undefined; readonly limit: number },
): Promise<readonly Clip[]> {
  const opened = await openFilter(db, clipSource, { now: 0, ...clipNarrowing(filter) });
  const found = await selectPage(db, opened, { sort: '-startNs', after: undefined, ...page });
  const rows = await clipRows(db).execute();
  const byId = new Map(rows.map((row) => [row.id, clipOfRow(row)]));
  return found.map(({ id }) => byId.get(id)).filter((clip) => clip !== undefined);
}

export function clipStoreContract(name: string, open: OpenStore): void {
  test(`${name}: the same manifest twice is one clip with everything it said`, async () => {
    await using world = await open();
    const clips = clipStore(world.db);
    const manifest = sampleManifest(1);
    expect(await clips.putManifest('amr-01', manifest, 1000)).toBe('new');
    expect(await clips.putManifest('amr-01', manifest, 2000)).toBe('known');
    const [clip, ...more] = await listed(world.db, {}, { limit: 10 });
    expect(more).toEqual([]);
    expect(clip).toMatchObject({
      device: 'amr-01',
      state: 'on_device',
      startNs: sampleStartNs + 1_000_000_000n,
      receivedAt: 1000,
      manifest,
    });
    expect(await clips.get(clip?.id ?? '')).toEqual(clip);
  });

  test(`${name}: a known id with other content or of another device changes nothing`, async () => {
    await using world = await open();
    const clips = clipStore(world.db);
    await clips.putManifest('amr-01', sampleManifest(1), 1000);
    const other = sampleManifest(1, { sha256: 'f'.repeat(64) });
    expect(await clips.putManifest('amr-01', other, 2000)).toBe('conflict');
    const stolen = sampleManifest(1, { device: 'amr-02' });
    expect(await clips.putManifest('amr-02', stolen, 2000)).toBe('conflict');
    const [clip] = await listed(world.db, {}, { limit: 10 });
    expect(clip).toMatchObject({ device: 'amr-01', manifest: sampleManifest(1) });
  });

  test(`${name}: a clip belongs to who sent it, whatever name its manifest has`, async () => {
    await using world = await open();
    const clips = clipStore(world.db);
    const manifest = sampleManifest(1);
    expect(await clips.putManifest('amr-02', manifest, 1)).toBe('new');
    expect(await clips.putManifest('amr-01', manifest, 2)).toBe('conflict');
    const found = await listed(world.db, {}, { limit: 10 });
    expect(found).toMatchObject([{ device: 'amr-02', manifest }]);
  });

  test(`${name}: a manifest of an unknown device or of no time is refused`, async () => {
    await using world = await open();
    const clips = clipStore(world.db);
    const nobody = sampleManifest(1, { device: 'nobody' });
    await expect(clips.putManifest('nobody', nobody, 1)).rejects.toMatchObject({
      code: 'not_found',
    });
    const late = sampleManifest(1, { startNs: 2n ** 63n });
    await expect(clips.putManifest('amr-01', late, 1)).rejects.toMatchObject({
      code: 'invalid',
      place: '/startNs',
    });
    expect(await listed(world.db, {}, { limit: 10 })).toEqual([]);
  });

  test(`${name}: stored bytes change the state of that device's clip once`, async () => {
    await using world = await open();
    const clips = clipStore(world.db);
    const manifest = sampleManifest(1);
    await clips.putManifest('amr-01', manifest, 1000);
    await clips.putManifest(
      'amr-02',
      sampleManifest(2, { device: 'amr-02', sha256: manifest.sha256 }),
      1,
    );
    const ids = await clips.markStored('amr-01', manifest.sha256, 4096, 5000);
    expect(ids).toHaveLength(1);
    expect(await clips.markStored('amr-01', manifest.sha256, 4096, 6000)).toEqual([]);
    expect(await clips.get(ids[0] ?? '')).toMatchObject({ state: 'stored', storedAt: 5000 });
    expect(await listed(world.db, { state: 'stored' }, { limit: 10 })).toHaveLength(1);
  });

  test(`${name}: a clip that its robot gave up stays known; stored bytes stay stored`, async () => {
    await using world = await open();
    const clips = clipStore(world.db);
    const [gone, kept] = [sampleManifest(1), sampleManifest(2)];
    await clips.putManifest('amr-01', gone, 1000);
    await clips.putManifest('amr-01', kept, 1000);
    await clips.markStored('amr-01', kept.sha256, 4096, 2000);
    await clips.markUploading('amr-02', gone.sha256, 2500);
    expect(await listed(world.db, { state: 'uploading' }, { limit: 9 })).toHaveLength(0);
    await clips.markUploading('amr-01', gone.sha256, 2500);
    await clips.markUploading('amr-01', kept.sha256, 2500);
    const [moving] = await listed(world.db, { state: 'uploading' }, { limit: 9 });
    expect(moving?.sha256).toBe(gone.sha256);
    await clips.markEvicted('amr-01', gone.sha256, 3000);
    await clips.markEvicted('amr-01', kept.sha256, 3000);
    const states = (await listed(world.db, {}, { limit: 9 })).map((clip) => clip.state);
    expect(states).toEqual(['stored', 'evicted']);
    expect(await clips.markStored('amr-01', gone.sha256, 4096, 4000)).toHaveLength(1);
  });

  test(`${name}: each condition finds its clips and no other, newest first`, async () => {
    await using world = await open();
    const clips = clipStore(world.db);
    const put = async (n: number, options: Parameters<typeof sampleManifest>[1]) =>
      await clips.putManifest(options?.device ?? 'amr-01', sampleManifest(n, options), 1000);
    await put(1, { rule: 'near-miss', tags: ['rain', 'dock'], scores: { 'm.entropy': 0.9 } });
    await put(2, { rule: 'near-miss', tags: ['rain'], severity: 'critical' });
    await put(3, { rule: 'sensor-dropout', device: 'amr-02', scores: { 'm.entropy': 0.4 } });
    const amr02 = await world.deviceId('amr-02');
    const at = (n: number): bigint => sampleStartNs + BigInt(n) * 1_000_000_000n;
    const cases: readonly (readonly [ClipFilter, readonly number[]])[] = [
      [{}, [3, 2, 1]],
      [{ rule: 'near-miss' }, [2, 1]],
      [{ rule: 'near' }, []],
      [{ severity: 'critical' }, [2]],
      [{ tags: ['rain'] }, [2, 1]],
      [{ tags: ['rain', 'dock'] }, [1]],
      [{ rule: 'near-miss', tags: ['dock'] }, [1]],
      [{ deviceId: amr02 }, [3]],
      [{ deviceId: amr02, rule: 'near-miss' }, []],
      [{ state: 'stored' }, []],
      [{ class: 'critical' }, [2]],
      [{ scores: [{ score: 'm.entropy', op: '>', value: 0.4 }] }, [1]],
      [{ scores: [{ score: 'm.entropy', op: '>=', value: 0.4 }] }, [3, 1]],
      [{ scores: [{ score: 'm.entropy', op: '=', value: 0.4 }] }, [3]],
      [{ startNs: at(2) }, [3, 2]],
      [{ endNs: at(2) }, [1]],
      [{ startNs: at(2), endNs: at(3), severity: 'critical' }, [2]],
      [{ rule: 'near-miss', startNs: at(2) }, [2]],
      [{ rule: 'near-miss', endNs: at(2) }, [1]],
    ];
    for (const [filter, expected] of cases) {
      const found = await listed(world.db, filter, { limit: 10 });
      const numbers = found.map((clip) => Number.parseInt(clip.manifest.clipId.slice(-4), 16));
      expect(
        numbers,
        JSON.stringify(filter, (_, v) => (typeof v === 'bigint' ? `${v}` : v)),
      ).toEqual(expected);
    }
  });

  test(`${name}: paging while clips come shows each earlier clip once`, async () => {
    await using world = await open();
    const clips = clipStore(world.db);
    const start = fc.bigInt({ min: sampleStartNs, max: sampleStartNs + 5n });
    let next = 1;
    await fc.assert(
      fc.asyncProperty(
        fc.array(start, { minLength: 1, maxLength: 12 }),
        fc.array(start, { maxLength: 6 }),
        fc.integer({ min: 1, max: 4 }),
        async (before, during, limit) => {
          const tag = `t${next}`;
          const put = async (startNs: bigint): Promise<string> => {
            const manifest = sampleManifest(next++, { startNs, tags: [tag] });
            await clips.putManifest('amr-01', manifest, 1);
            return manifest.clipId;
          };
          const expected: string[] = [];
          for (const startNs of before) expected.push(await put(startNs));
          const late = [...during];
          const seen: string[] = [];
          let after: Position | undefined;
          for (;;) {
            const page = await listed(world.db, { tags: [tag] }, { after, limit });
            const last = page.at(-1);
            if (last === undefined) break;
            seen.push(...page.map((clip) => clip.manifest.clipId));
            after = { key: String(last.startNs), id: last.id };
            const more = late.pop();
            if (more !== undefined) await put(more);
          }
          expect(new Set(seen).size).toBe(seen.length);
          expect(seen).toEqual(expect.arrayContaining(expected));
        },
      ),
      { numRuns: 30 },
    );
  });
}
