/**
 * Goal: events and decisions that come twice, late or in another order than they happened have the
 * effect of one that came once, in order.
 * Method: a run that waits for an event, for two votes and for another event, on the real engine;
 * everything is sent three times, shuffled by a printed seed, and the run is let go on at any time
 * between. A decision or an event before its time is kept for it, not lost.
 */
import { Fault, type Random, seededRandom } from '@fieldloop/core';
import { expect, test } from 'vitest';
import { gateStore } from '../../gate/store.ts';
import { once } from '../../store/effects.ts';
import { putOutbox } from '../../store/outbox.ts';
import { openCrashWorkers } from './crash-workers.sample.ts';
import { pending } from './flow.ts';
import { type KitWorld, kitWorld } from './kit.sample.ts';
import { workflow } from './workflow.ts';

const seed = String(Date.now() % 1_000_000);

/** Asks for the label of a clip, then people, then the next clip. */
const waiting = workflow({
  name: 'waiting',
  version: 1,
  deps: (ground) => ground,
  body: async (flow, { read, write, clock }) => {
    const clip = async (subject: string) => {
      const row = await read
        .selectFrom('outbox')
        .select('seq')
        .where('kind', '=', 'clip.tagged')
        .where('subject', '=', subject)
        .limit(1)
        .executeTakeFirst();
      return row === undefined ? pending : { subject };
    };
    const act = async (step: string) =>
      await flow.must(
        step,
        async (e) =>
          await once(write, e.key, async (trx) => {
            const body = { device: step };
            await putOutbox(trx, { kind: 'device.changed', subject: step, at: clock.now(), body });
            return step;
          }),
      );
    const day = 86_400_000;
    const on = (subject: string) => [{ kind: 'clip.tagged' as const, subject }];
    await flow.watch('first', async () => await clip('clp_1'), { withinMs: day, on: on('clp_1') });
    await act('labelled');
    const said = await flow.gate('approval', {
      kind: 'approval',
      question: 'Go on?',
      subject: { id: 'sub_1', digest: 'd' },
      evidence: [],
      options: ['approve', 'reject'],
      who: { role: 'engineer' },
      quorum: 2,
      withinMs: 30 * day,
      onDeadline: 'hold',
    });
    await act('approved');
    await flow.watch('second', async () => await clip('clp_2'), { withinMs: day, on: on('clp_2') });
    await act('ended');
    return { kind: said.kind, option: said.kind === 'decided' ? said.option : '' };
  },
  triggers: [
    {
      name: 'waiting-on-clip',
      version: 1,
      on: ['clip.stored'],
      match: ({ subject }) => ({ input: {}, subject, key: subject }),
    },
  ],
});

/** False when it is not its time yet: who sends it tries again. */
type Sent = (world: KitWorld) => Promise<boolean>;

const event =
  (kind: 'clip.stored' | 'clip.tagged', subject: string): Sent =>
  async ({ db }) => {
    await db
      .transaction()
      .execute(async (trx) => await putOutbox(trx, { kind, subject, at: 1, body: {} }));
    return true;
  };

const vote =
  (name: string): Sent =>
  async ({ db, clock }) =>
    await db.transaction().execute(async (trx) => {
      const row = await trx.selectFrom('gate').select('id').executeTakeFirst();
      if (row === undefined) return false;
      const id = `usr_${name}`;
      const decider = { id, userId: id, role: 'engineer' as const, scopes: ['*:write'] };
      const gate = await gateStore(trx).demand(row.id);
      const how = { option: 'approve', reason: 'because', at: clock.now() };
      await gateStore(trx)
        .decide(gate, decider, how)
        .catch((error: unknown) => {
          // It was decided: who votes now is told so.
          if (!(error instanceof Fault) || error.code !== 'conflict') throw error;
        });
      return true;
    });

const all: readonly Sent[] = [
  event('clip.stored', 'clp_0'),
  event('clip.tagged', 'clp_1'),
  event('clip.tagged', 'clp_2'),
  vote('ann'),
  vote('bob'),
];

const shuffled = <T>(items: readonly T[], random: Random): readonly T[] =>
  items
    .map((item) => ({ item, at: random.next() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ item }) => item);

async function played(random: Random): Promise<unknown> {
  await using world = await kitWorld('sqlite');
  const options = { name: 'order', workflows: [waiting], count: 1, crashes: [] };
  await using workers = await openCrashWorkers(world, { ...options, forgetsSignals: false });
  let left = shuffled([...all, ...all, ...all], random);
  while (left.length > 0) {
    const early: Sent[] = [];
    for (const send of left) {
      if (!(await send(world))) early.push(send);
      if (random.next() < 0.4) await workers.settle();
    }
    await workers.settle();
    left = early;
  }
  const { db } = world;
  const runs = await db.selectFrom('run').select(['state', 'outcome', 'subject']).execute();
  const done = await db
    .selectFrom('outbox')
    .select('subject')
    .where('kind', '=', 'device.changed')
    .orderBy('seq')
    .execute();
  const decided = await db
    .selectFrom('outbox')
    .select('seq')
    .where('kind', '=', 'gate.decided')
    .execute();
  return { runs, done: done.map(({ subject }) => subject), decided: decided.length };
}

test(`each event and decision three times in any order: one effect (seed ${seed})`, async () => {
  for (let n = 0; n < 12; n += 1) {
    expect(await played(seededRandom(`${seed}/${n}`)), `${seed}/${n}`).toEqual({
      runs: [
        { state: 'ended', subject: 'clp_0', outcome: '{"kind":"decided","option":"approve"}' },
      ],
      done: ['labelled', 'approved', 'ended'],
      decided: 1,
    });
  }
}, 60_000);
