/**
 * Goal: an export remembers what was chosen and what became of it, whoever asks and when.
 * Method: exports of clips that change meanwhile, made twice, expired and cancelled.
 */
import { expect, test } from 'vitest';
import { sampleManifest } from '../clip/clip.sample.ts';
import { clipIdOf } from '../clip/clip.ts';
import { clipStore } from '../clip/store.ts';
import { exportServed } from '../store/exports.ts';
import { operationRows, startOperation } from '../store/operations.ts';
import type { OpenStore, StoreWorld } from '../store/store.contract.ts';
import { exportStore } from './store.ts';

const sha = (digit: string): string => digit.repeat(64);

async function asked(world: StoreWorld, id: string, clipIds: readonly string[]): Promise<void> {
  const operationId = `op_${id}`;
  const input = { export: id };
  const work = { id: operationId, kind: 'clips.export', input, by: 'key_1', at: 10 };
  await startOperation(world.db, work);
  await exportStore(world.db).add({
    id,
    operationId,
    format: 'zip',
    topics: ['/odom'],
    includeManifests: true,
    clipIds,
    sourceBytes: 77,
    by: 'key_1',
    at: 10,
  });
}

async function clips(world: StoreWorld, count: number): Promise<string[]> {
  return await world.db.transaction().execute(async (trx) => {
    const ids: string[] = [];
    for (let n = 1; n <= count; n += 1) {
      const manifest = sampleManifest(n);
      await clipStore(trx).putManifest('amr-01', manifest, 1);
      ids.push(clipIdOf(manifest));
    }
    return ids;
  });
}

export function exportStoreContract(name: string, open: OpenStore): void {
  test(`${name}: an export has its clips in the order they were chosen in`, async () => {
    await using world = await open();
    const ids = (await clips(world, 130)).toReversed();
    await asked(world, 'exp_1', ids);
    const exports = exportStore(world.db);
    expect(await exports.get('exp_1')).toMatchObject({
      operationId: 'op_exp_1',
      format: 'zip',
      topics: ['/odom'],
      includeManifests: true,
      clipCount: 130,
      sourceBytes: 77,
      createdBy: 'key_1',
      version: 1,
    });
    const found: string[] = [];
    for await (const page of exports.clips('exp_1')) found.push(...page.map((clip) => clip.id));
    expect(found).toEqual(ids);
    await expect(exportServed(world.db, 'exp_1')).rejects.toMatchObject({ code: 'conflict' });
    await expect(exportServed(world.db, 'exp_9')).rejects.toMatchObject({ code: 'not_found' });
  });

  test(`${name}: a file is ready once; the one of a second worker goes away`, async () => {
    await using world = await open();
    await asked(world, 'exp_1', await clips(world, 1));
    const exports = exportStore(world.db);
    const file = { sha256: sha('a'), sizeBytes: 5, expiresAt: 100 };
    expect(await exports.ready('exp_1', file, 20)).toBe(true);
    expect(await exports.ready('exp_1', { ...file, sha256: sha('b') }, 30)).toBe(false);
    expect(await exportServed(world.db, 'exp_1')).toMatchObject({
      sha256: sha('a'),
      sizeBytes: 5,
      mediaType: 'application/zip',
      fileName: expect.stringMatching(/^fieldloop_1-clips_.*\.zip$/),
    });
    const wished = await world.db.selectFrom('blob_erasure').select('sha256').execute();
    expect(wished).toEqual([{ sha256: sha('b') }]);
  });

  test(`${name}: those whose time is over or that nobody will make are found and dropped`, async () => {
    await using world = await open();
    const ids = await clips(world, 1);
    for (const n of [1, 2, 3, 4]) await asked(world, `exp_${n}`, ids);
    const exports = exportStore(world.db);
    await exports.ready('exp_1', { sha256: sha('a'), sizeBytes: 5, expiresAt: 100 }, 20);
    await exports.ready('exp_2', { sha256: sha('b'), sizeBytes: 5, expiresAt: 200 }, 20);
    await operationRows(world.db).askCancel('op_exp_3', 30);
    const over = async (now: number): Promise<string[]> =>
      (await exports.over(now, 9)).map(({ id }) => id).toSorted();
    expect(await over(99)).toEqual(['exp_3']);
    expect(await over(100)).toEqual(['exp_1', 'exp_3']);
    expect(await exports.drop('exp_1', 100)).toBe(sha('a'));
    expect(await exports.drop('exp_1', 100)).toBeUndefined();
    expect(await exports.drop('exp_3', 100)).toBeUndefined();
    expect(await over(150)).toEqual([]);
    expect((await exports.get('exp_1'))?.erasedAt).toBe(100);
    await expect(exportServed(world.db, 'exp_1')).rejects.toThrow('gone');
  });
}
