/**
 * Goal: people who say the same make a label, and what is decided early is right.
 * Method: simulated people and a model that takes classes for each other, asked as the service
 * asks: two at first, one more where nothing holds. Seeds are in the messages.
 */
import { seededRandom } from '@fieldloop/core';
import { expect, test } from 'vitest';
import { mostPeople } from '../annotation-limits.ts';
import { type Answer, beliefs, type ClassifiedTask, decide } from './consensus.ts';
import { annotatorOfModel } from './task.ts';

const classes = ['clear', 'shelf', 'pallet', 'person', 'robot'];
/** The last one is rare: 3 of 480. */
const shares = [0.55, 0.25, 0.12, 0.073, 0.007];
const model = annotatorOfModel('a'.repeat(64));

const task = { type: 'classification' as const, topic: '/camera', startNs: 0n };

interface Crowd {
  readonly seed: number;
  readonly items: number;
  readonly people: number;
  readonly wrong: number;
}

/** What came of each item: its label, or undefined where a senior has to look. */
function asked({ seed, items, people, wrong }: Crowd) {
  const random = seededRandom(`crowd ${seed}`);
  const other = (than: number): number =>
    (than + 1 + random.integer(classes.length - 1)) % classes.length;
  const truths = Array.from({ length: items }, () => {
    const u = random.next();
    let sum = 0;
    return Math.max(
      0,
      shares.findIndex((share) => u < (sum += share)),
    );
  });
  const all = truths.map((truth, n) => ({
    id: `tsk_${n}`,
    truth,
    // The model takes every shelf for a robot or a shelf, as one that never saw this hall.
    predicted: truth === 1 && random.next() < 0.6 ? 4 : random.next() < 0.85 ? truth : other(truth),
    said: new Map<number, number>(),
    wanted: 2,
    label: undefined as string | undefined,
  }));
  const most = Math.min(mostPeople, people);
  for (let round = 0; round < most; round += 1) {
    const open = all.filter(({ label }) => label === undefined);
    for (const one of open) {
      while (one.said.size < Math.min(one.wanted, most)) {
        const who = random.integer(people);
        if (one.said.has(who)) continue;
        one.said.set(who, random.next() < wrong ? other(one.truth) : one.truth);
      }
    }
    const known = beliefs(all.map(classified), classes);
    for (const one of open) {
      const outcome = decide(task, answersOf(one), known?.get(one.id));
      if (outcome.kind === 'resolved') one.label = outcome.value.class;
      else one.wanted += 1;
    }
  }
  return all;
}

type Item = ReturnType<typeof asked>[number];

const answersOf = ({ said }: Pick<Item, 'said'>): readonly Answer[] =>
  [...said].map(([who, of]) => ({
    annotator: `usr_${who}`,
    value: { class: classes[of] ?? '' },
    assisted: false,
  }));

const classified = (one: Item): ClassifiedTask => ({
  id: one.id,
  votes: [
    ...answersOf(one).map(({ annotator, value }) => ({ annotator, class: value.class ?? '' })),
    { annotator: model, class: classes[one.predicted] ?? '' },
  ],
});

const seeds = [1, 2, 3, 4];

test.each([
  { items: 480, people: 4, wrong: 0.03 },
  { items: 480, people: 9, wrong: 0.06 },
  { items: 60, people: 5, wrong: 0.03 },
])('$people people, wrong in $wrong of $items: labels are right, and none is stuck', (crowd) => {
  const found = seeds.flatMap((seed) => asked({ seed, ...crowd }));
  const wrong = found.filter(
    ({ label, truth }) => label !== undefined && label !== classes[truth],
  ).length;
  // Two people make the same mistake in one of some thousand items; a model they are not led by.
  expect(wrong / found.length, `seeds ${seeds.join()}`).toBeLessThan(0.004);
  const stuck = found.filter(({ label, said }) => {
    const counts = Map.groupBy(said.values(), (of) => of);
    const top = Math.max(...[...counts.values()].map((of) => of.length));
    return label === undefined && said.size >= 4 && top >= said.size - 1;
  });
  expect(stuck.map(({ id }) => id)).toEqual([]);
});

test('two people who differ are joined by a third, whatever the model says', () => {
  const all = asked({ seed: 5, items: 200, people: 5, wrong: 0.03 });
  const split: Item = {
    ...(all[0] as Item),
    id: 'tsk_split',
    predicted: 0,
    said: new Map([
      [0, 0],
      [1, 3],
    ]),
  };
  const known = beliefs([...all, split].map(classified), classes);
  expect(decide(task, answersOf(split), known?.get('tsk_split')).kind).toBe('more');
});

test('four who are known to be wrong do not outvote the one who is known to be right', () => {
  // On gold, four people say clear whatever it is; the fifth is right.
  const gold = Array.from({ length: 150 }, (_, n): ClassifiedTask => {
    const truth = classes[n % 5] ?? '';
    return {
      id: `tsk_${n}`,
      truth,
      votes: [0, 1, 2, 3, 4].map((who) => ({
        annotator: `usr_${who}`,
        class: who === 4 ? truth : 'clear',
      })),
    };
  });
  const said = new Map([0, 1, 2, 3, 4].map((who) => [who, who === 4 ? 3 : 0]));
  const votes = answersOf({ said }).map(({ annotator, value }) => ({
    annotator,
    class: value.class ?? '',
  }));
  const known = beliefs([...gold, { id: 'tsk_x', votes }], classes)?.get('tsk_x');
  expect(known).toMatchObject({ class: 'person' });
  const outcome = decide(task, answersOf({ said }), known);
  // One person alone makes no label: a senior looks.
  expect(outcome).toEqual({ kind: 'more', why: '1 of 5 said person' });
});

test('what is wanted for says why', () => {
  const known = { class: 'robot', posterior: 0.9496 };
  const said = new Map([
    [0, 4],
    [1, 4],
    [2, 0],
  ]);
  expect(decide(task, answersOf({ said }), known)).toEqual({
    kind: 'more',
    why: 'posterior 0.949 < 0.95 for robot',
  });
});
