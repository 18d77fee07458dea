/**
 * Goal: a worker that dies at any boundary leaves the labels that an undisturbed one leaves, once.
 * Method: consensus over tasks that agree, differ and have nobody left, killed before and after
 * each of its commits and started again; on either database.
 */
import { expect, test } from 'vitest';
import { type Death, Died, dying } from '../store/dying.sample.ts';
import type { OpenStore } from '../store/store.contract.ts';
import { openTaskWorldOn, putUnits, type TaskWorld } from './annotation.sample.ts';
import { annotatorStore } from './annotator-store.ts';
import { setBands } from './bands.ts';
import { openRecheck, resolveSome } from './consensus-work.ts';

/** Ten tasks of audit units: eight agree, two do not; then the third person leaves. */
async function answered(world: TaskWorld): Promise<readonly string[]> {
  const { clipId } = await putUnits(world, 141);
  for (const who of ['usr_a', 'usr_b', 'usr_c']) await world.person(who);
  const tasks = Array.from({ length: 10 }, (_, n) =>
    world.taskOf(clipId, { unitId: `unt_${n}`, choiceId: `chc_audit_${n}` }),
  );
  const { opened } = await world.open(...tasks);
  const differ = new Set(opened.slice(8));
  for (const [who, other] of [
    ['usr_a', 'left'],
    ['usr_b', 'right'],
  ] as const) {
    for (const _ of opened) {
      await world.takeAndSay(who, ({ id }) => ({ class: differ.has(id) ? other : 'left' }));
    }
  }
  return opened;
}

/** One life of the worker: all that its loops do. */
async function live(world: TaskWorld, death?: Death): Promise<number> {
  const { write, seen } = dying(world.db, death);
  const deps = { read: world.db, write };
  await resolveSome(deps, world.deps());
  const c = await world.person('usr_c');
  await world.change(async (trx) => await annotatorStore(trx).pause(c, 'on leave', world.at));
  await openRecheck(deps)(world.at);
  await setBands(deps, world.at);
  return seen.commits;
}

/** All that consensus writes, but for ids and times. */
async function written(world: TaskWorld) {
  const tasks = await world.db
    .selectFrom('task')
    .leftJoin('label', 'label.id', 'task.label_id')
    .select(['task.id', 'task.state', 'task.why', 'task.raised', 'task.queue', 'label.sha256'])
    .orderBy('task.id')
    .execute();
  const labels = await world.db
    .selectFrom('label')
    .select(['task_id', 'class', 'sha256', 'superseded_by'])
    .orderBy('task_id')
    .execute();
  const told = await world.db
    .selectFrom('outbox')
    .select('kind')
    .where('kind', 'in', ['label.resolved', 'task.adjudication', 'task.returned'])
    .orderBy('kind')
    .execute();
  const bands = await world.db.selectFrom('label_band').select(['class', 'n', 'band']).execute();
  return { tasks, labels, told: told.map(({ kind }) => kind), bands };
}

export function annotationCrashContract(name: string, open: OpenStore): void {
  test(`${name}: consensus killed at every boundary leaves the same labels, once`, async () => {
    await using world = await openTaskWorldOn(await open());
    await answered(world);
    const before = await world.db.selectFrom('task').selectAll().execute();
    const begin = async (): Promise<void> => {
      await world.db.deleteFrom('label').execute();
      await world.db.deleteFrom('label_band').execute();
      await world.db.deleteFrom('outbox').execute();
      await world.db.updateTable('annotator').set({ state: 'active' }).execute();
      for (const { id, ...row } of before) {
        await world.db.updateTable('task').set(row).where('id', '=', id).execute();
      }
    };
    const commits = await live(world);
    const wanted = await written(world);
    // Eight labels, two asked again, and the same two before a senior.
    expect(commits).toBe(12);
    expect(wanted.labels).toHaveLength(8);
    expect(wanted.told).toEqual([
      ...Array.from({ length: 8 }, () => 'label.resolved'),
      ...Array.from({ length: 2 }, () => 'task.adjudication'),
    ]);
    expect(wanted.bands).toMatchObject([{ class: 'left', n: 8n }]);
    for (let at = 0; at < commits; at += 1) {
      for (const when of ['before', 'after'] as const) {
        await begin();
        await expect(live(world, { at, when }), `${when} ${at}`).rejects.toThrow(Died);
        await live(world);
        expect(await written(world), `killed ${when} commit ${at}`).toEqual(wanted);
      }
    }
  });

  test(`${name}: an answer that comes twice, late or out of order counts once`, async () => {
    await using world = await openTaskWorldOn(await open());
    for (const who of ['usr_a', 'usr_b', 'usr_c']) await world.person(who);
    await world.openMany(2);
    const [first, second] = (await world.next('usr_a', 2)).map(({ task }) => task.id);
    if (first === undefined || second === undefined) throw new Error('nothing was given');
    const say = async (who: string, id: string, name = 'left') =>
      await world.answer(who, id, { class: name });
    const refused = async (who: string, id: string) => {
      await expect(say(who, id, 'right')).rejects.toMatchObject({ code: 'conflict' });
    };
    // The second first; each again, as a page does that heard no answer.
    await say('usr_a', second);
    await refused('usr_a', second);
    await say('usr_a', first);
    await refused('usr_a', first);
    // Too late: the lease is over, and others have said what holds.
    await world.next('usr_b', 2);
    world.at += 31 * 60_000;
    await world.next('usr_c', 2);
    await refused('usr_b', first);
    await say('usr_c', first);
    await world.resolve();
    await refused('usr_c', first);
    await refused('usr_b', first);
    await say('usr_c', second);
    await world.resolve();
    await world.resolve();
    const said = await world.db
      .selectFrom('annotation')
      .select(['annotator_id', 'class'])
      .orderBy('annotator_id')
      .execute();
    expect(said.map((one) => `${one.annotator_id} ${one.class}`)).toEqual([
      'usr_a left',
      'usr_a left',
      'usr_c left',
      'usr_c left',
    ]);
    const told = (await world.told()).filter((kind) => kind === 'label.resolved');
    expect(told).toHaveLength(2);
    expect(await world.task(first)).toMatchObject({ state: 'resolved', people: 2n });
  });
}
