/**
 * Goal: no task waits for people who are not there: it comes before a senior, says why, and goes
 * back when somebody comes.
 * Method: people who answer, skip, join and leave as the test says, on either database.
 */
import { expect, test } from 'vitest';
import type { OpenStore } from '../store/store.contract.ts';
import { skip } from './acts.ts';
import { openTaskWorldOn, type TaskWorld } from './annotation.sample.ts';
import { type AnnotatorChange, annotatorStore } from './annotator-store.ts';
import { openRecheck } from './consensus-work.ts';

const day = 86_400_000;

export function annotationSeniorContract(name: string, open: OpenStore): void {
  const worldOf = async () => await openTaskWorldOn(await open());

  test(`${name}: what everybody answered goes to a senior at once, with the reason`, async () => {
    await using world = await worldOf();
    for (const who of ['usr_a', 'usr_b', 'usr_c', 'usr_d']) await world.person(who);
    const [id = ''] = await world.openMany(1);
    await answers(world, { usr_a: 'left', usr_b: 'right', usr_c: 'forward' });
    expect(await world.task(id)).toMatchObject({
      state: 'needs_more',
      why: '1 of 3 for one class is no majority',
    });
    await answers(world, { usr_d: 'right' });
    const why = 'all 4 annotators answered, 2 of 4 for one class is no majority';
    expect(await world.task(id)).toMatchObject({
      state: 'adjudication',
      raised: 'nobody_left',
      why,
    });
    const told = await world.db
      .selectFrom('outbox')
      .select('body')
      .where('kind', '=', 'task.adjudication')
      .execute();
    expect(told.map(({ body }) => (JSON.parse(body) as { reason: string }).reason)).toEqual([why]);
  });

  test(`${name}: who may not see a task, is paused, away or gone is not waited for`, async () => {
    await using world = await worldOf();
    const people = ['usr_a', 'usr_b', 'usr_blind', 'usr_far', 'usr_paused', 'usr_gone', 'import:x'];
    for (const who of people) await world.person(who);
    await change(world, 'usr_blind', { skills: ['doors'] });
    await change(world, 'usr_far', { sites: ['hall-9'] });
    const paused = await world.person('usr_paused');
    await world.change(
      async (trx) => await annotatorStore(trx).pause(paused, 'on leave', world.at),
    );
    await account(world, 'usr_gone', { state: 'deactivated' });
    // Has an account since long, and never came.
    await account(world, 'usr_never', { createdAt: world.at - 15 * day });
    // Has not asked for days; just looked, and never answered.
    for (const [who, ago] of [
      ['usr_away', 15 * day],
      ['usr_look', day],
    ] as const) {
      await world.person(who);
      await world.db
        .updateTable('annotator')
        .set({ seen_at: world.at - ago })
        .where('id', '=', who)
        .execute();
    }
    const [id = ''] = await world.openMany(1);
    await answers(world, { usr_a: 'left', usr_b: 'right' });
    expect(await world.task(id)).toMatchObject({ state: 'adjudication', raised: 'nobody_left' });
  });

  test(`${name}: people who leave are waited for no more, who joins is asked`, async () => {
    await using world = await worldOf();
    for (const who of ['usr_a', 'usr_b', 'usr_c']) await world.person(who);
    const [id = '', other = ''] = await world.openMany(2);
    const look = openRecheck({ read: world.db, write: world.db });
    for (let n = 0; n < 2; n += 1) await answers(world, { usr_a: 'left', usr_b: 'right' });
    expect(await look(world.at)).toBe(0);
    expect((await world.task(id)).state).toBe('needs_more');
    const c = await world.person('usr_c');
    await world.change(async (trx) => await annotatorStore(trx).pause(c, 'on leave', world.at));
    expect(await look(world.at)).toBe(2);
    expect(await world.task(id)).toMatchObject({ state: 'adjudication', raised: 'nobody_left' });
    expect(await look(world.at)).toBe(0);
    // A senior holds one of them when somebody joins: the other goes back to people.
    const s = await world.person('usr_s');
    await change(world, 'usr_s', { senior: true, skills: ['doors'] });
    expect(await look(world.at)).toBe(0);
    await change(world, s.id, { skills: [] });
    const [held] = await world.next('usr_s');
    await account(world, 'usr_new', { createdAt: world.at });
    expect(await look(world.at)).toBe(1);
    const free = held?.task.id === id ? other : id;
    expect(await world.task(free)).toMatchObject({ state: 'needs_more', raised: null });
    expect((await world.next('usr_new'))[0]?.task.id).toBe(free);
    expect(await world.told()).toContain('task.returned');
    expect((await world.task(held?.task.id ?? '')).state).toBe('adjudication');
  });

  test(`${name}: a task that one answered and all others skipped does not wait`, async () => {
    await using world = await worldOf();
    for (const who of ['usr_a', 'usr_b', 'usr_c']) await world.person(who);
    const [id = ''] = await world.openMany(1);
    await skips(world, 'usr_a', id);
    await answers(world, { usr_b: 'left' });
    expect((await world.task(id)).state).toBe('open');
    await skips(world, 'usr_c', id);
    expect(await world.task(id)).toMatchObject({
      state: 'adjudication',
      why: '1 answered, 2 skipped, and nobody else is there',
    });
  });

  test(`${name}: where a senior alone is left, they decide and see what was said`, async () => {
    await using world = await worldOf();
    for (const who of ['usr_a', 'usr_b', 'usr_s']) await world.person(who);
    await change(world, 'usr_s', { senior: true });
    const [id = ''] = await world.openMany(1);
    await answers(world, { usr_a: 'left', usr_b: 'right' });
    expect((await world.task(id)).state).toBe('adjudication');
    const look = openRecheck({ read: world.db, write: world.db });
    expect(await look(world.at)).toBe(0);
    expect(await world.takeAndSay('usr_s', { class: 'right' })).toBe(id);
    expect(await world.label(id)).toMatchObject({ method: 'adjudicated', annotators: 3n });
  });

  test(`${name}: a senior who answered decides only where no other senior is there`, async () => {
    await using world = await worldOf();
    for (const who of ['usr_a', 'usr_s', 'usr_t']) await world.person(who);
    await change(world, 'usr_s', { senior: true });
    const [id = ''] = await world.openMany(1);
    await answers(world, { usr_a: 'left', usr_s: 'right' });
    await change(world, 'usr_t', { senior: true, skills: ['doors'] });
    const look = openRecheck({ read: world.db, write: world.db });
    expect(await look(world.at)).toBe(1);
    await change(world, 'usr_t', { skills: [], senior: true });
    // The other one is there, and has not answered it.
    expect(await world.next('usr_s')).toEqual([]);
    await change(world, 'usr_t', { skills: ['doors'] });
    expect(await world.takeAndSay('usr_s', { class: 'right' })).toBe(id);
    expect(await world.label(id)).toMatchObject({ method: 'adjudicated', annotators: 2n });
  });
}

/** Each takes what is next and says this; then consensus looks. */
async function answers(world: TaskWorld, of: Readonly<Record<string, string>>): Promise<void> {
  for (const [who, said] of Object.entries(of)) {
    expect(await world.takeAndSay(who, { class: said }), who).toBeDefined();
    await world.resolve();
  }
}

async function skips(world: TaskWorld, who: string, id: string): Promise<void> {
  const [given] = await world.next(who);
  expect(given?.task.id).toBe(id);
  const annotator = await world.person(who);
  const of = { taskId: id, reason: 'too dark' };
  await world.change(async (trx) => await skip(trx, annotator, of, world.deps()));
}

async function change(world: TaskWorld, who: string, to: AnnotatorChange): Promise<void> {
  const known = await annotatorStore(world.db).demand(who);
  await world.change(async (trx) => await annotatorStore(trx).change(known, to, world.at));
}

async function account(
  world: TaskWorld,
  id: string,
  of: { readonly state?: 'active' | 'deactivated'; readonly createdAt?: number },
): Promise<void> {
  const at = of.createdAt ?? world.at;
  await world.db
    .insertInto('person')
    .values({
      id,
      email: `${id}@example.org`,
      name: id,
      role: 'annotator',
      state: of.state ?? 'active',
      created_by: 'usr_1',
      created_at: at,
      updated_at: at,
      version: 1,
    })
    .execute();
}
