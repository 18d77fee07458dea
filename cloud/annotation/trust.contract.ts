/**
 * Goal: machines and people are trusted as far as they have shown, and no further.
 * Method: a model that is right on audit units, a person who is wrong on gold, on either database.
 */
import { expect, test } from 'vitest';
import { labelsOfUnits } from '../store/label-ref.ts';
import type { OpenStore } from '../store/store.contract.ts';
import { openTaskWorldOn, putUnits } from './annotation.sample.ts';
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

  test(`${name}: named and drawn in one window is one task, and the audit's`, async () => {
    await using world = await worldOf();
    const { clipId } = await putUnits(world, 141);
    const task = (lane: string) =>
      world.taskOf(clipId, { unitId: 'unt_140', choiceId: `chc_${lane}_140` });
    const prefill = { class: 'left' };
    const done = await world.open({ ...task('named'), prefill }, task('audit'));
    expect(done).toMatchObject({ opened: [expect.any(String)], known: done.opened });
    // Blind, though it was named first and with a proposal.
    expect(await world.task(done.opened[0] ?? '')).toMatchObject({
      lane: 'audit',
      choice_id: 'chc_audit_140',
      band: 'blind',
      prefill: null,
    });
    for (const who of ['usr_a', 'usr_b']) await world.takeAndSay(who, { class: 'right' });
    await world.resolve();
    const label = await world.label(done.opened[0] ?? '');
    expect(label).toMatchObject({ choice_id: 'chc_audit_140', class: 'right' });
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
