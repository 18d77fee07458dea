/**
 * Goal: what people do with clips is written once, found, and let go of without losing anything
 * that others need.
 * Method: clips of two devices with the same and with other content, on each database.
 */
import { expect, test } from 'vitest';
import { eraseBlobs, noteBlob, wishErasure } from '../store/erasure.ts';
import type { OpenStore, StoreWorld } from '../store/store.contract.ts';
import { clipCareStore, taggedClips } from './care-store.ts';
import { sampleManifest } from './clip.sample.ts';
import { type Clip, clipIdOf } from './clip.ts';
import type { Preview } from './preview.ts';
import { previewStore } from './preview-store.ts';
import { clipStore } from './store.ts';

const by = { by: 'usr_1', at: 5000 };
const sha = (digit: string): string => digit.repeat(64);

type Options = Parameters<typeof sampleManifest>[1];

async function stored(world: StoreWorld, n: number, options: Options = {}): Promise<Clip> {
  const manifest = sampleManifest(n, options);
  const clips = clipStore(world.db);
  await clips.putManifest(manifest.device, manifest, 1000);
  await clips.markStored(manifest.device, manifest.sha256, manifest.sizeBytes, 2000);
  return await again(world, clipIdOf(manifest));
}

async function again(world: StoreWorld, id: string): Promise<Clip> {
  const clip = await clipStore(world.db).get(id);
  if (clip === undefined) throw new TypeError(id);
  return clip;
}

/** Hashes that were removed, in order. */
function openBytes() {
  const removed: string[] = [];
  const remove = async (sha256: string): Promise<boolean> => {
    removed.push(sha256);
    return await Promise.resolve(true);
  };
  return { removed, bytes: { remove } };
}

const picture = (n: number, sha256: string): Preview => ({
  n,
  kind: 'first',
  topic: '/camera',
  atNs: 5n,
  mediaType: 'image/jpeg',
  width: 4,
  height: 3,
  sha256,
  sizeBytes: 9,
});

export function clipCareContract(name: string, open: OpenStore): void {
  test(`${name}: tags of operators come and go beside the robot's`, async () => {
    await using world = await open();
    const clip = await stored(world, 1, { tags: ['rain'] });
    const care = clipCareStore(world.db);
    expect(await care.tag(clip, { add: ['b', 'a', 'rain'], remove: [] }, by)).toBe(true);
    expect(await care.tag(clip, { add: ['a'], remove: ['none'] }, by)).toBe(false);
    const [tagged] = await taggedClips(world.db, [await again(world, clip.id)]);
    expect(tagged).toMatchObject({ operatorTags: ['a', 'b'], version: clip.version + 1 });
    const terms = async (): Promise<string[]> => {
      const rows = await world.db
        .selectFrom('clip_term')
        .select('term')
        .where('kind', '=', 'tag')
        .where('clip_id', '=', clip.id)
        .orderBy('term')
        .execute();
      return rows.map(({ term }) => term);
    };
    expect(await terms()).toEqual(['a', 'b', 'rain']);
    expect(await care.tag(clip, { add: [], remove: ['a'] }, by)).toBe(true);
    expect(await terms()).toEqual(['b', 'rain']);
    await expect(care.tag(clip, { add: [], remove: ['rain'] }, by)).rejects.toThrow('own');
    const many = Array.from({ length: 70 }, (_, i) => `t${i}`);
    await expect(care.tag(clip, { add: many, remove: [] }, by)).rejects.toMatchObject({
      code: 'limited',
    });
  });

  test(`${name}: a label, a note and a hold are written and taken away`, async () => {
    await using world = await open();
    const clip = await stored(world, 1);
    const care = clipCareStore(world.db);
    await care.edit(clip, { label: 'A', note: 'B' }, by);
    await care.edit(clip, { note: null }, by);
    expect(await care.hold(clip, { reason: 'accident' }, by)).toBe(true);
    const held = await again(world, clip.id);
    expect(held).toMatchObject({ label: 'A', hold: { reason: 'accident', by: 'usr_1', at: 5000 } });
    expect(held).not.toHaveProperty('note');
    expect(await care.pins(held)).toEqual([{ kind: 'hold', what: 'accident' }]);
    expect(await care.hold(held, { reason: 'again' }, by)).toBe(false);
    expect(await care.hold(held, undefined, by)).toBe(true);
    expect(await again(world, clip.id)).not.toHaveProperty('hold');
  });

  test(`${name}: an erased clip lets go of its bytes and pictures, once, and keeps its row`, async () => {
    await using world = await open();
    const clip = await stored(world, 1, { sha256: sha('a') });
    await previewStore(world.db).put(clip.id, { previews: [picture(0, sha('b'))] }, 3000);
    const care = clipCareStore(world.db);
    expect([...(await care.erase(clip, 'a person', by))].toSorted()).toEqual([sha('a'), sha('b')]);
    const erased = await again(world, clip.id);
    expect(erased).toMatchObject({ state: 'erased', stateReason: 'a person' });
    expect(await care.erase(erased, 'again', by)).toEqual([]);
    const { removed, bytes } = openBytes();
    expect(await eraseBlobs({ write: world.db, bytes })).toBe(2);
    expect(removed.toSorted()).toEqual([sha('a'), sha('b')]);
    expect(await eraseBlobs({ write: world.db, bytes })).toBe(0);
    await expect(care.tag(erased, { add: ['x'], remove: [] }, by)).rejects.toThrow('erased');
    await clipStore(world.db).markStored('amr-01', sha('a'), 9, 6000);
    expect((await again(world, clip.id)).state).toBe('erased');
    expect(await eraseBlobs({ write: world.db, bytes })).toBe(1);
  });

  test(`${name}: content that somebody needs still is never removed`, async () => {
    await using world = await open();
    const one = await stored(world, 1, { sha256: sha('a') });
    const two = await stored(world, 2, { sha256: sha('a'), device: 'amr-02' });
    await previewStore(world.db).put(two.id, { previews: [picture(0, sha('c'))] }, 3000);
    const { removed, bytes } = openBytes();
    const deps = { write: world.db, bytes };
    await clipCareStore(world.db).erase(one, 'why', by);
    await wishErasure(world.db, sha('c'), 1);
    await eraseBlobs(deps);
    expect(removed).toEqual([]);
    await wishErasure(world.db, sha('d'), 1);
    await noteBlob(world.db, { sha256: sha('d'), sizeBytes: 1, at: 2 });
    await eraseBlobs(deps, [sha('d')]);
    expect(removed).toEqual([]);
    await clipCareStore(world.db).erase(two, 'why', by);
    await eraseBlobs(deps);
    expect(removed.toSorted()).toEqual([sha('a'), sha('c')]);
  });

  test(`${name}: previews are due until they are made, once, also when there are none`, async () => {
    await using world = await open();
    const [one, two] = [await stored(world, 1), await stored(world, 2)];
    await clipStore(world.db).putManifest('amr-01', sampleManifest(3), 1);
    const previews = previewStore(world.db);
    expect(await previews.due(9)).toEqual([one.id, two.id]);
    expect(await previews.state(one.id)).toEqual({ state: 'pending' });
    await previews.put(one.id, { previews: [picture(0, sha('b')), picture(1, sha('b'))] }, 3000);
    await previews.put(one.id, { previews: [picture(5, sha('e'))] }, 4000);
    expect((await previews.list(one.id)).map(({ n }) => n)).toEqual([0, 1]);
    expect((await previews.list(one.id))[0]).toEqual(picture(0, sha('b')));
    await previews.put(two.id, { previews: [], problem: 'torn' }, 3000);
    expect(await previews.state(two.id)).toEqual({ state: 'failed', why: 'torn' });
    expect(await previews.due(9)).toEqual([]);
    const { removed, bytes } = openBytes();
    await eraseBlobs({ write: world.db, bytes });
    expect(removed).toEqual([sha('e')]);
  });
}
