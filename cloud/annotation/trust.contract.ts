/**
 * Goal: machines and people are trusted as far as they have shown, and no further.
 * Method: a model that is right on audit units, a person who is wrong on gold, on either database.
 */
import { expect, test } from 'vitest';
import { sampleStartNs } from '../clip/clip.sample.ts';
import { labelsOfUnits } from '../store/label-ref.ts';
import type { OpenStore } from '../store/store.contract.ts';
import { openTaskWorldOn, type TaskWorld } from './annotation.sample.ts';
import { annotatorStore } from './annotator-store.ts';
import { setBands } from './bands.ts';

export function annotationTrustContract(name: string, open: OpenStore): void {
  const worldOf = async () => await openTaskWorldOn(await open());

  test(`${name}: a machine is trusted by audit labels alone, and audit units stay blind`, async () => {
    await using world = await worldOf();
    const units = await putUnits(world, 141);
    const task = (n: number, lane: string) =>
      world.taskOf(units.clipId, {
        batch: lane,
        unitId: `unt_${n}`,
        choiceId: `chc_${lane}_${n}`,
      });
    await world.open(...Array.from({ length: 80 }, (_, n) => task(n, 'audit')));
    for (const who of ['usr_a', 'usr_b']) {
      for (let n = 0; n < 80; n += 1) await world.takeAndSay(who, { class: 'left' });
    }
    await world.resolve();
    await setBands({ read: world.db, write: world.db }, 9);
    const [band] = await world.db.selectFrom('label_band').selectAll().execute();
    expect(band).toMatchObject({ class: 'left', n: 80n, correct: 80n, band: 'accept' });
    expect(band?.lower).toBeCloseTo(0.9542, 3);
    const chosen = Array.from({ length: 60 }, (_, n) => task(n + 80, 'capture'));
    const { opened, accepted } = await world.open(...chosen);
    // One in twenty is checked by people all the same.
    expect(opened).toHaveLength(60);
    expect(accepted.length).toBeGreaterThan(45);
    expect(accepted.length).toBeLessThan(60);
    const audit = await world.open(task(140, 'audit'));
    expect(audit.accepted).toEqual([]);
    expect(await world.task(audit.opened[0] ?? '')).toMatchObject({ band: 'blind', state: 'open' });
    const labels = await labelsOfUnits(world.db, ['unt_0', 'unt_140']);
    expect([...labels.values()].map(({ unit_id, method }) => [unit_id, method])).toEqual([
      ['unt_0', 'dawid_skene'],
    ]);
  });

  test(`${name}: gold looks like any task; who fails it is paused and their work asked again`, async () => {
    await using world = await worldOf();
    await world.openMany(12, { batch: 'old' });
    // Twelve decided by a senior, so that there are gold questions enough.
    await world.db.updateTable('task').set({ state: 'adjudication', queue: 4 }).execute();
    const senior = await world.person('usr_s');
    await world.change(
      async (trx) => await annotatorStore(trx).change(senior, { senior: true }, 2),
    );
    for (let n = 0; n < 12; n += 1) await world.takeAndSay('usr_s', { class: 'left' });
    await world.openMany(90, { batch: 'new' });
    const asked: (string | null)[] = [];
    let isPaused = false;
    for (let n = 0; n < 90 && !isPaused; n += 1) {
      world.at += 1000;
      const task = await world.takeAndSay('usr_bad', { class: 'right' });
      asked.push((await world.task(task ?? '')).gold_id);
      isPaused = (await world.person('usr_bad')).state === 'paused';
    }
    // One in ten, and seven wrong of the last twenty are enough: nothing can save the share.
    const gold = asked.filter((one) => one !== null).length;
    expect(gold).toBe(7);
    expect(asked.length).toBeGreaterThan(50);
    expect(asked.length).toBeLessThan(81);
    await expect(world.next('usr_bad')).rejects.toMatchObject({ code: 'forbidden' });
    const withdrawn = await world.db
      .selectFrom('annotation')
      .select('id')
      .where('action', '=', 'withdraw')
      .execute();
    expect(withdrawn).toHaveLength(asked.length - 7);
    const people = await world.db
      .selectFrom('task')
      .select((of) => of.fn.sum<bigint>('people').as('n'))
      .where('batch', '=', 'new')
      .where('gold_id', 'is', null)
      .executeTakeFirstOrThrow();
    expect(Number(people.n)).toBe(0);
    const paused = await world.person('usr_bad');
    await world.change(async (trx) => await annotatorStore(trx).resume(paused, world.at));
    expect(await world.next('usr_bad')).toHaveLength(1);
  });
}

/** Units of clip 1 of which a model says `left`, each chosen by audit and by capture. */
async function putUnits(world: TaskWorld, count: number): Promise<{ readonly clipId: string }> {
  const clipId = await world.clip(1);
  const { device_id, session_id } = await world.db
    .selectFrom('clip')
    .select(['device_id', 'session_id'])
    .executeTakeFirstOrThrow();
  await world.db
    .insertInto('triage_policy')
    .values({
      id: 'trp_1',
      name: 'p',
      enabled: 1,
      definition: '{}',
      created_by: 'usr_1',
      created_at: 1,
      updated_at: 1,
      version: 1,
    })
    .execute();
  await world.db
    .insertInto('triage_window')
    .values({
      id: 'trw_1',
      policy_id: 'trp_1',
      policy: 'p',
      definition: '{}',
      salt: 's',
      from_n: 0,
      to_n: count,
      as_of: 1,
      holder: 'entropy',
      state: 'drawn',
      units: count,
      reason: 'test',
      created_by: 'usr_1',
      created_at: 1,
      updated_at: 1,
      version: 1,
    })
    .execute();
  const ns = Array.from({ length: count }, (_, n) => n);
  const units = ns.map((n) => ({
    id: `unt_${n}`,
    n,
    clip_id: clipId,
    device_id,
    session_id,
    topic: '/odom',
    at_ns: sampleStartNs + BigInt(n),
    start_ns: sampleStartNs + BigInt(n),
    end_ns: sampleStartNs + BigInt(n),
    grain: 'frame',
    population: 'fleet',
    propensity_device: 1,
    model_id: 'classifier',
    model_sha256: 'a'.repeat(64),
    predicted: 'left',
    bytes: 1,
    created_at: 1,
  }));
  await world.db.insertInto('triage_unit').values(units).execute();
  for (const lane of ['audit', 'capture']) {
    const choices = ns.map((n) => ({
      id: `chc_${lane}_${n}`,
      unit_id: `unt_${n}`,
      clip_id: clipId,
      window_id: 'trw_1',
      lane,
      scorer: 'entropy',
      scorer_sha256: 'b'.repeat(64),
      propensity: 1,
      salt: 's',
      reason: 'test',
      percentile: 0.5,
      created_at: 1,
    }));
    await world.db.insertInto('triage_choice').values(choices).execute();
  }
  return { clipId };
}
