/**
 * Goal: a verb on many clips does to each what can be done to it, tries without traces, and asks a
 * robot for the same thing once.
 * Method: clips in different states, worked on twice, dry and for real, on each database.
 */
import { systemIds } from '@fieldloop/core/system';
import { expect, test } from 'vitest';
import { matchingClips } from '../store/clip-selection.ts';
import type { OpenStore, StoreWorld } from '../store/store.contract.ts';
import { type BulkWork, type Worked, workOn } from './bulk.ts';
import { clipCareStore } from './care-store.ts';
import { sampleManifest } from './clip.sample.ts';
import { clipIdOf } from './clip.ts';
import { pullClip } from './pull.ts';
import { clipStore } from './store.ts';

/** Clip n of amr-01; those up to `stored` have their bytes. */
async function clips(world: StoreWorld, count: number, stored: number): Promise<string[]> {
  return await world.db.transaction().execute(async (trx) => {
    const ids: string[] = [];
    for (let n = 1; n <= count; n += 1) {
      const manifest = sampleManifest(n);
      await clipStore(trx).putManifest('amr-01', manifest, 1);
      if (n <= stored) await clipStore(trx).markStored('amr-01', manifest.sha256, 4096, 2);
      ids.push(clipIdOf(manifest));
    }
    return ids;
  });
}

interface Done {
  readonly results: readonly Worked[];
  readonly audited: readonly string[];
  readonly wished: readonly string[];
}

async function work(
  world: StoreWorld,
  ids: readonly string[],
  wanted: BulkWork,
  dryRun = false,
): Promise<Done> {
  const audited: string[] = [];
  const wished: string[] = [];
  const audit = async (_: unknown, { subject }: { readonly subject: string }): Promise<void> => {
    audited.push(subject);
    await Promise.resolve();
  };
  const results = await workOn({ write: world.db, ids: systemIds, audit }, ids, wanted, {
    by: 'usr_1',
    at: 5000,
    dryRun,
    wished: (some) => wished.push(...some),
  });
  return { results, audited, wished };
}

export function bulkContract(name: string, open: OpenStore): void {
  test(`${name}: a verb on many does what it can, and a dry run nothing`, async () => {
    await using world = await open();
    const ids = await clips(world, 52, 52);
    const held = await clipStore(world.db).get(ids[3] ?? '');
    if (held === undefined) throw new TypeError('no clip');
    const by = { by: 'usr_1', at: 1 };
    await clipCareStore(world.db).hold(held, { reason: 'accident' }, by);
    const erasing: BulkWork = { verb: 'delete', reason: 'over' };
    const many = [...ids, 'clp_none'];
    const tried = await work(world, many.slice(0, 5), erasing, true);
    expect(tried.results.filter((one) => one.changed)).toHaveLength(4);
    expect(tried.wished).toEqual([]);
    const states = async (): Promise<string[]> =>
      (await world.db.selectFrom('clip').select('state').distinct().orderBy('state').execute()).map(
        (row) => row.state,
      );
    expect(await states()).toEqual(['stored']);
    const done = await work(world, many, erasing);
    expect(done.results.filter((one) => one.changed)).toHaveLength(51);
    expect(done.results.flatMap(({ id, error }) => (error === undefined ? [] : [id]))).toEqual([
      ids[3],
      'clp_none',
    ]);
    expect(done.audited).toHaveLength(51);
    expect(new Set(done.wished).size).toBe(51);
    expect(await states()).toEqual(['erased', 'stored']);
    const again = await work(world, many, erasing);
    expect(again.results.some((one) => one.changed)).toBe(false);
  });

  test(`${name}: the same pull is one command while it lives`, async () => {
    await using world = await open();
    const [stored, waiting] = await clips(world, 2, 1);
    const pulling: BulkWork = { verb: 'pull', topics: ['/odom'], expiresInS: 60 };
    const first = await work(world, [stored ?? '', waiting ?? ''], pulling);
    expect(first.results.map((one) => one.changed)).toEqual([false, true]);
    expect(first.results[0]?.error).toMatchObject({ code: 'conflict' });
    expect((await work(world, [waiting ?? ''], pulling)).results).toEqual([
      { id: waiting, changed: false },
    ]);
    const clip = await clipStore(world.db).get(waiting ?? '');
    if (clip === undefined) throw new TypeError('no clip');
    const how = { by: 'usr_1', at: 6000, ids: systemIds };
    const live = await pullClip(world.db, clip, pulling, how);
    expect(live).toMatchObject({
      outcome: 'live',
      command: { state: 'queued', createdAt: 5000, expiresAt: 65_000 },
    });
    await world.db
      .updateTable('command')
      .set({ state: 'failed' })
      .where('id', '=', live.command.id)
      .execute();
    expect((await pullClip(world.db, clip, pulling, how)).outcome).toBe('queued');
    const whole = await pullClip(world.db, clip, { expiresInS: 60 }, how);
    expect(whole.outcome).toBe('queued');
  });

  test(`${name}: a query goes through all that match, each once`, async () => {
    await using world = await open();
    const ids = await clips(world, 15, 13);
    const found: string[] = [];
    for await (const page of matchingClips(world.db, 'state = stored', 1, 5)) {
      await work(world, page, { verb: 'tag', add: ['seen'], remove: [] });
      found.push(...page);
    }
    expect(found).toEqual(ids.slice(0, 13).toReversed());
    let tagged = 0;
    for await (const page of matchingClips(world.db, 'tag:seen', 1, 13)) tagged += page.length;
    expect(tagged).toBe(13);
  });
}
