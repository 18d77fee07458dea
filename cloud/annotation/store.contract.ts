/**
 * Goal: a task gets one label, of people who did not see each other's answers, and every word that
 * was said of it stays.
 * Method: people who answer as the test says, on a clock that the test moves, on either database.
 */
import { expect, test } from 'vitest';
import { sampleManifest, sampleStartNs } from '../clip/clip.sample.ts';
import { failureStore } from '../failure/store.ts';
import { agreementOf } from '../store/agreement.ts';
import { batchCounts } from '../store/label-ref.ts';
import type { OpenStore } from '../store/store.contract.ts';
import { voidTasks } from '../store/task-queue.ts';
import { release, skip, undo } from './acts.ts';
import { openTaskWorldOn } from './annotation.sample.ts';
import { annotatorStore } from './annotator-store.ts';
import { upkeep } from './consensus-work.ts';
import { ontologyStore } from './ontology-store.ts';

const minute = 60_000;
const day = 24 * 60 * minute;

export function annotationStoreContract(name: string, open: OpenStore): void {
  const worldOf = async () => await openTaskWorldOn(await open());

  test(`${name}: tasks are opened once, and not of clips that nobody can see`, async () => {
    await using world = await worldOf();
    const task = world.taskOf(await world.clip(1));
    const first = await world.open(task, task);
    expect(first).toMatchObject({ opened: [expect.any(String)], known: first.opened });
    expect((await world.open(task)).known).toEqual(first.opened);
    const far = world.taskOf(await world.clip(2, false));
    expect((await world.open(far)).refused).toEqual([
      { n: 0, clipId: far.clipId, why: 'its bytes are not here: it is on_device' },
    ]);
    const secret = JSON.stringify({ ...sampleManifest(3), privacy: 'restricted' });
    const hidden = world.taskOf(await world.clip(3));
    await world.db
      .updateTable('clip')
      .set({ manifest: secret })
      .where('id', '=', hidden.clipId)
      .execute();
    expect((await world.open(hidden)).refused).toMatchObject([
      { why: 'nobody may see it: its privacy is restricted' },
    ]);
    const gone = await world.change(
      async (trx) => await voidTasks(trx, 'b1', { reason: 'wrong', by: 'usr_1' }, world.deps()),
    );
    expect(gone).toBe(1);
    expect(await batchCounts(world.db, 'b1')).toEqual({ void: 1 });
    expect(await world.next('usr_a')).toEqual([]);
  });

  test(`${name}: two people who agree make a label; nobody is asked twice`, async () => {
    await using world = await worldOf();
    const [id = ''] = await world.openMany(1);
    expect(await world.takeAndSay('usr_a', { class: 'left' })).toBe(id);
    expect(await world.next('usr_a')).toEqual([]);
    expect(await world.resolve()).toBe(0);
    expect(await world.takeAndSay('usr_b', { class: 'left' })).toBe(id);
    expect((await world.task(id)).state).toBe('submitted');
    await world.resolve();
    const label = await world.label(id);
    expect(label).toMatchObject({ class: 'left', method: 'majority', annotators: 2n });
    expect(label?.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(await world.task(id)).toMatchObject({ state: 'resolved', label_id: label?.id });
    expect(await world.told()).toContain('label.resolved');
    expect(await world.resolve()).toBe(0);
  });

  test(`${name}: who disagrees is joined by others, then by a senior who sees it all`, async () => {
    await using world = await worldOf();
    const [id = ''] = await world.openMany(1);
    const said = ['left', 'right', 'forward', 'left', 'right'];
    for (const i of said.keys()) await world.person(`usr_${i}`);
    await world.person('usr_9');
    for (const [i, one] of said.entries()) {
      expect(await world.takeAndSay(`usr_${i}`, { class: one })).toBe(id);
      await world.resolve();
    }
    expect((await world.task(id)).state).toBe('adjudication');
    expect(await world.next('usr_9')).toEqual([]);
    for (const one of ['usr_0', 'usr_s']) {
      const annotator = await world.person(one);
      await world.change(
        async (trx) => await annotatorStore(trx).change(annotator, { senior: true }, 2),
      );
    }
    expect(await world.next('usr_0')).toEqual([]);
    expect(await world.takeAndSay('usr_s', { class: 'right' })).toBe(id);
    expect(await world.label(id)).toMatchObject({ class: 'right', method: 'adjudicated' });
    const gold = await world.db.selectFrom('gold').selectAll().execute();
    expect(gold).toMatchObject([{ task_id: id, body: '{"class":"right"}' }]);
    expect(await world.told()).toEqual(
      expect.arrayContaining(['task.adjudication', 'gold.created']),
    );
  });

  test(`${name}: who logged a failure is one judge of it, and never the senior`, async () => {
    await using world = await worldOf();
    const clipId = await world.clip(1);
    const device = await world.db.selectFrom('clip').select('device_id').executeTakeFirstOrThrow();
    const moment = { startNs: sampleStartNs, endNs: sampleStartNs };
    await failureStore(world.db).create({
      id: 'flr_1',
      kind: 'bump',
      severity: 'warning',
      deviceId: device.device_id,
      ...moment,
      conditions: { signals: {}, models: {}, properties: {} },
      source: 'operator',
      createdBy: 'usr_l',
      at: 1,
    });
    const { opened } = await world.open(world.taskOf(clipId, { failureId: 'flr_1' }));
    const [id = ''] = opened;
    await world.takeAndSay('usr_l', { class: 'left' });
    await world.resolve();
    expect(await world.label(id)).toBeUndefined();
    const senior = await world.person('usr_l');
    await world.change(
      async (trx) => await annotatorStore(trx).change(senior, { senior: true }, 2),
    );
    await world.db.deleteFrom('task_hand').execute();
    await world.db.updateTable('task').set({ state: 'adjudication', queue: 4 }).execute();
    expect(await world.next('usr_l')).toEqual([]);
  });

  test(`${name}: what somebody holds is nobody else's, until half an hour is over`, async () => {
    await using world = await worldOf();
    const [id = ''] = await world.openMany(1);
    const [first] = await world.next('usr_a');
    expect(first?.untilAt).toBe(world.at + 30 * minute);
    expect((await world.next('usr_a'))[0]?.task.id).toBe(id);
    await world.next('usr_b');
    // Two are wanted, and two are at it.
    expect((await world.task(id)).state).toBe('leased');
    expect(await world.next('usr_c')).toEqual([]);
    world.at += 31 * minute;
    expect((await world.next('usr_c'))[0]?.task.id).toBe(id);
    await expect(world.answer('usr_a', id, { class: 'left' })).rejects.toMatchObject({
      code: 'conflict',
    });
    const c = await world.person('usr_c');
    await world.change(async (trx) => await release(trx, c, id, world.deps()));
    expect((await world.task(id)).state).toBe('open');
  });

  test(`${name}: the line is by priority and waiting, for what one can and may see`, async () => {
    await using world = await worldOf();
    const at = (ns: number) => ({ startNs: sampleStartNs + BigInt(ns) });
    const clipId = await world.clip(1);
    const tasks = await world.open(
      world.taskOf(clipId, { ...at(1), priority: 30 }),
      world.taskOf(clipId, { ...at(2), priority: 100 }),
    );
    const [low = '', high = ''] = tasks.opened;
    world.at += 5 * day;
    const late = await world.open(world.taskOf(clipId, { ...at(3), priority: 34 }));
    // 30 and five days are more than 34; 100 is more than either.
    const order = (await world.next('usr_a', 9)).map(({ task }) => task.id);
    expect(order.toSorted()).toEqual([low, high, late.opened[0]]);
    const given = await world.db
      .selectFrom('task')
      .select('id')
      .orderBy('queue', 'desc')
      .orderBy('rank', 'desc')
      .execute();
    expect(given.map((row) => row.id)).toEqual([high, low, late.opened[0]]);
    // After twenty days waiting counts no more, and those tasks stand in a line of their own.
    world.at += 30 * day;
    await world.change(async (trx) => await upkeep(trx, world.at));
    const fresh = await world.open(world.taskOf(clipId, { ...at(4), priority: 51 }));
    const [top, second] = await world.next('usr_b', 2);
    expect([top?.task.id, second?.task.id]).toEqual([high, late.opened[0]]);
    expect((await world.next('usr_b', 3))[2]?.task.id).toBe(fresh.opened[0]);
    const other = await world.person('usr_o');
    const seeing = async (change: object) => {
      const known = await annotatorStore(world.db).demand(other.id);
      await world.change(async (trx) => await annotatorStore(trx).change(known, change, 2));
      return (await world.next('usr_o')).length;
    };
    expect(await seeing({ skills: ['doors'] })).toBe(0);
    expect(await seeing({ skills: ['doors', 'wall'], sites: ['hall-2'] })).toBe(0);
    expect(await seeing({ sites: [] })).toBe(1);
  });

  test(`${name}: a skip has a reason and is for good; what three skip is for a senior`, async () => {
    await using world = await worldOf();
    const [id = ''] = await world.openMany(1);
    for (const who of ['usr_a', 'usr_b', 'usr_c', 'usr_d']) await world.person(who);
    for (const [i, who] of ['usr_a', 'usr_b', 'usr_c'].entries()) {
      expect((await world.task(id)).state, String(i)).toBe('open');
      const [given] = await world.next(who);
      expect(given?.task.id).toBe(id);
      const annotator = await world.person(who);
      const of = { taskId: id, reason: 'too dark' };
      await world.change(async (trx) => await skip(trx, annotator, of, world.deps()));
      expect(await world.next(who)).toEqual([]);
    }
    expect((await world.task(id)).state).toBe('adjudication');
  });

  test(`${name}: the last answer is taken back while its task is unresolved`, async () => {
    await using world = await worldOf();
    const [id = ''] = await world.openMany(1);
    await world.takeAndSay('usr_a', { class: 'left' });
    const a = await world.person('usr_a');
    const back = async () => await world.change(async (trx) => await undo(trx, a, world.deps()));
    expect(await back()).toMatchObject({ id, people: 0n });
    await expect(back()).rejects.toMatchObject({ code: 'conflict' });
    await world.answer('usr_a', id, { class: 'right' });
    await world.takeAndSay('usr_b', { class: 'right' });
    await world.resolve();
    expect(await world.label(id)).toMatchObject({ class: 'right' });
    await expect(back()).rejects.toMatchObject({ code: 'conflict' });
    const said = await world.db.selectFrom('annotation').selectAll().orderBy('n').execute();
    expect(said.map(({ action, class: of, before }) => [action, of, before])).toEqual([
      ['submit', 'left', null],
      ['undo', null, '{"class":"left"}'],
      ['submit', 'right', null],
      ['submit', 'right', null],
    ]);
  });

  test(`${name}: an answer off the ontology changes nothing, and names what was meant`, async () => {
    await using world = await worldOf();
    const [id = ''] = await world.openMany(1);
    await world.next('usr_a');
    await expect(world.answer('usr_a', id, { class: 'lefft' })).rejects.toMatchObject({
      code: 'invalid',
      message: '"lefft" is no class of wall. Did you mean "left"?',
    });
    await expect(
      world.answer('usr_a', id, { class: 'left', attributes: { sharp: 'yes' } }),
    ).rejects.toMatchObject({ place: '/body/attributes/sharp' });
    await expect(world.answer('usr_a', id, { boxes: [] })).rejects.toMatchObject({
      code: 'invalid',
    });
    expect((await world.task(id)).people).toBe(0n);
    await world.answer('usr_a', id, { class: 'left', attributes: { sharp: true } });
  });

  test(`${name}: boxes are fused, segments take their medians, a text is read by a second`, async () => {
    await using world = await worldOf();
    for (const who of ['usr_a', 'usr_b', 'usr_c']) await world.person(who);
    const [boxes = ''] = await world.openMany(1, { type: 'boxes', batch: 'boxes' });
    const box = (x: number) => ({ class: 'left', x, y: 10, w: 100, h: 50 });
    await world.takeAndSay('usr_a', { boxes: [box(10), box(400)] });
    await world.takeAndSay('usr_b', { boxes: [box(14)] });
    await world.resolve();
    // One saw a second box and the other did not: a third is asked.
    expect((await world.task(boxes)).state).toBe('needs_more');
    await world.takeAndSay('usr_c', { boxes: [box(12)] });
    await world.resolve();
    expect(JSON.parse((await world.label(boxes))?.body ?? '')).toEqual({
      boxes: [{ class: 'left', x: 12, y: 10, w: 100, h: 50, share: 1 }],
    });
    const [segments = ''] = await world.openMany(1, { type: 'segments', batch: 'segments' });
    const cut = (from: number, to: number) => ({
      segments: [
        {
          class: 'left',
          startNs: String(sampleStartNs + BigInt(from * 1e6)),
          endNs: String(sampleStartNs + BigInt(to * 1e6)),
        },
      ],
    });
    await world.takeAndSay('usr_a', cut(100, 500));
    await world.takeAndSay('usr_b', cut(120, 540));
    await world.resolve();
    expect(await world.label(segments)).toMatchObject({ method: 'median' });
    expect(JSON.parse((await world.label(segments))?.body ?? '')).toEqual({
      segments: [{ ...cut(110, 520).segments[0], share: 1 }],
    });
    const [text = ''] = await world.openMany(1, { type: 'text', batch: 'text' });
    await world.takeAndSay('usr_a', { text: 'it turned to late' });
    await world.resolve();
    const [second] = await world.next('usr_b');
    expect(second).toMatchObject({ assisted: true, task: { id: text } });
    await world.answer('usr_b', text, { text: 'it turned too late' });
    await world.resolve();
    expect(await world.label(text)).toMatchObject({
      method: 'adjudicated',
      body: '{"text":"it turned too late"}',
    });
  });

  test(`${name}: one sees the proposal, who comes after is blind`, async () => {
    await using world = await worldOf();
    const [id = ''] = await world.openMany(1, { prefill: { class: 'left' } });
    const [first] = await world.next('usr_a');
    const [second] = await world.next('usr_b');
    expect([first?.assisted, second?.assisted]).toEqual([true, false]);
    await world.answer('usr_a', id, { class: 'right' });
    await world.answer('usr_b', id, { class: 'right' });
    await world.resolve();
    const agreed = await agreementOf(world.db, {
      ontologySha256: world.ontology.sha256,
      type: 'classification',
    });
    // Only one of the two answers was given blind.
    expect(agreed.tasks).toBe(0);
    const said = await world.db
      .selectFrom('annotation')
      .select(['before', 'assisted'])
      .orderBy('n')
      .execute();
    expect(said).toEqual([
      { before: '{"class":"left"}', assisted: 1n },
      { before: null, assisted: 0n },
    ]);
  });

  test(`${name}: an ontology is what it says: the same words are the same version`, async () => {
    await using world = await worldOf();
    const store = ontologyStore(world.db);
    const { classes, name: of } = world.ontology;
    const by = { by: 'usr_1', at: 2 };
    const guide = world.ontology.guide;
    const again = await store.save({ guide, classes, name: of }, by);
    expect(again).toMatchObject({ isNew: false, ontology: { n: 1 } });
    const more = await store.save({ name: of, classes: [...classes, { name: 'stop' }] }, by);
    expect(more).toMatchObject({ isNew: true, ontology: { n: 2 } });
    expect((await store.demand('wall')).n).toBe(2);
    await expect(
      store.save({ name: of, classes: [{ name: 'a' }, { name: 'a' }] }, by),
    ).rejects.toMatchObject({ place: '/body/classes/1/name' });
    const strange = world.taskOf(await world.clip(1), { ontologySha256: 'f'.repeat(64) });
    await expect(world.open(strange)).rejects.toMatchObject({ code: 'not_found' });
  });
}
