/**
 * Goal: what is agreed on is what the papers say, and knowing each annotator is worth it.
 * Method: numbers from the papers, small cases worked by hand, brute force, and simulated people.
 */
import { type Random, seededRandom } from '@fieldloop/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { topIndex } from '../scores.ts';
import { openAgreement } from './agreement.ts';
import { krippendorffAlpha } from './alpha.ts';
import { type DrawnBox, fuseBoxes, iou } from './boxes.ts';
import { dawidSkene } from './dawid-skene.ts';
import { match } from './matching.ts';
import { agreeSegments, median, temporalIou } from './segments.ts';
import { majority, type Vote } from './votes.ts';

const votesOf = (...rows: readonly (readonly number[])[]): readonly Vote[] =>
  rows.map(([item = 0, annotator = 0, label = 0]) => ({ item, annotator, label }));

test('the most votes win, and a tie never resolves', () => {
  const votes = votesOf([0, 0, 1], [0, 1, 1], [0, 2, 2], [1, 0, 0], [1, 1, 2]);
  expect(majority(votes, 3)).toEqual([
    { label: 1, votes: 2, of: 3 },
    { votes: 1, of: 2 },
    { votes: 0, of: 0 },
  ]);
});

test('alpha is that of Krippendorff’s own examples', () => {
  // Krippendorff (2011), section B: two observers, ten units, two values: .095.
  const binary = [
    [0, 1, 0, 0, 0, 0, 0, 0, 1, 0],
    [1, 1, 1, 0, 0, 1, 0, 0, 0, 0],
  ];
  expect(krippendorffAlpha(unitsOf(binary)).alpha).toBeCloseTo(0.095, 3);
  // Section C: four observers, twelve units, answers missing, nominal: .743.
  const _ = Number.NaN;
  const four = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, _, _, _],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, _, 3],
    [_, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, _],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, _],
  ];
  const found = krippendorffAlpha(unitsOf(four));
  expect(found.alpha).toBeCloseTo(0.743, 3);
  expect(found).toMatchObject({ units: 11, values: 40 });
});

const unitsOf = (observers: readonly (readonly number[])[]): number[][] =>
  (observers[0] ?? []).map((_, unit) =>
    observers.map((of) => of[unit] ?? Number.NaN).filter((value) => !Number.isNaN(value)),
  );

test('with one value everywhere agreement is undefined, not perfect', () => {
  expect(
    krippendorffAlpha([
      [3, 3],
      [3, 3, 3],
    ]),
  ).toEqual({ units: 2, values: 5 });
  expect(krippendorffAlpha([[1], [2]])).toEqual({ units: 0, values: 0 });
  expect(krippendorffAlpha([])).toEqual({ units: 0, values: 0 });
  expect(
    krippendorffAlpha([
      [1, 1],
      [2, 2],
    ]).alpha,
  ).toBe(1);
});

test('agreement counted item by item is alpha, of all values and of each against the rest', () => {
  const value = fc.integer({ min: 0, max: 3 });
  const unit = fc.array(value, { maxLength: 5 });
  const items = fc.array(fc.array(unit, { maxLength: 3 }), { maxLength: 12 });
  fc.assert(
    fc.property(items, (of) => {
      const counted = openAgreement();
      for (const units of of) counted.add(units.map((values) => values.map(String)));
      const { all, of: each } = counted.figures();
      const plain = krippendorffAlpha(of.flat());
      expect(all).toMatchObject({ units: plain.units, values: plain.values });
      expect(all.alpha ?? 2).toBeCloseTo(plain.alpha ?? 2, 9);
      for (const [name, found] of each) {
        const binary = of
          .flat()
          .map((values) => values.map((one) => (one === Number(name) ? 1 : 0)));
        expect(found.alpha ?? 2, name).toBeCloseTo(krippendorffAlpha(binary).alpha ?? 2, 9);
      }
    }),
    { seed: 11 },
  );
});

test('the interval of alpha holds what it should, and is wide where little is known', () => {
  const random = seededRandom('alpha intervals');
  // Two people who take a class of two for the other in a tenth: the alpha of very many items.
  const pair = (from: Random, wrong: number): string[] => {
    const truth = from.integer(2);
    return [0, 1].map(() => String(from.next() < wrong ? 1 - truth : truth));
  };
  const measured = (items: number, from: Random) => {
    const counted = openAgreement();
    for (let n = 0; n < items; n += 1) counted.add([pair(from, 0.1)]);
    return counted;
  };
  const truth = measured(400_000, random.fork('truth')).figures().all.alpha ?? 0;
  const draws = 160;
  const held = Array.from({ length: draws }, (_, n) => {
    const { all } = measured(80, random.fork(`sample ${n}`)).figures(random.fork(`draw ${n}`));
    return { ...all, isHeld: (all.low ?? 2) <= truth && truth <= (all.high ?? -2) };
  });
  const share = held.filter(({ isHeld }) => isHeld).length / draws;
  // Nominal 95 %; the percentile bootstrap of 80 items holds a little less.
  expect(share, 'seed "alpha intervals"').toBeGreaterThan(0.9);
  const width = (items: number): number => {
    const { all } = measured(items, random.fork(`w ${items}`)).figures(random.fork('draw'));
    return (all.high ?? 0) - (all.low ?? 0);
  };
  expect(width(40)).toBeGreaterThan(3 * width(1600));
});

test('one round of Dawid and Skene is what one works out by hand', () => {
  const { votes, options } = rightAndLazy(4);
  const { posteriors, confusion, rounds } = dawidSkene(votes, { ...options, rounds: 1 });
  expect(rounds).toBe(1);
  // The last item begins at .5 / .5, so that annotator 0 was seen to say 1 half a time given 0, and
  // 2.5 times given 1. All people: 18 + 4.5 and 2 + .5 of 25 given 0, 2 + 2.5 and 18 + 2.5 given 1.
  // Five answers of all people stand beside one's own: .5 + 5 * .1, and 2.5 + 5 * .82, of 7.5.
  expect(confusion[1]).toBeCloseTo(1 / 7.5, 12);
  expect(confusion[3]).toBeCloseTo(6.6 / 7.5, 12);
  // Annotator 1 says 0: 2.5 + 5 * .9 given 0, 2.5 + 5 * .18 given 1.
  expect(confusion[4]).toBeCloseTo(7 / 7.5, 12);
  expect(confusion[6]).toBeCloseTo(3.4 / 7.5, 12);
  expect(posteriors[9]).toBeCloseTo((6.6 * 3.4) / (6.6 * 3.4 + 1 * 7), 12);
});

test('who is known to say one thing always counts for nothing in the end; gold stands fast', () => {
  const known = rightAndLazy(400);
  const { posteriors } = dawidSkene(known.votes, known.options);
  expect(posteriors[801]).toBeGreaterThan(0.95);
  expect(Array.from(posteriors.slice(0, 8))).toEqual([1, 0, 0, 1, 1, 0, 0, 1]);
  // Four items say too little of anybody for a label, which wants .95.
  const few = rightAndLazy(4);
  expect(dawidSkene(few.votes, few.options).posteriors[9]).toBeLessThan(0.95);
});

/**
 * Gold of two classes in turn, then one item that nobody knows: annotator 0 is right and says 1 of
 * the last, annotator 1 says 0 to all.
 */
function rightAndLazy(items: number) {
  const truths = Array.from({ length: items }, (_, item) => item % 2);
  const votes = votesOf(
    ...truths.flatMap((truth, item) => [
      [item, 0, truth],
      [item, 1, 0],
    ]),
    [items, 0, 1],
    [items, 1, 0],
  );
  const gold = new Map(truths.entries());
  return { votes, options: { items: items + 1, annotators: 2, classes: 2, gold } };
}

test('a program that answers everything does not lead people by what it says', () => {
  // Two people answer each item and are right; the program always says class 0.
  const items = 60;
  const votes = Array.from({ length: items }, (_, item) => item % 3).flatMap((truth, item) =>
    votesOf([item, 0, truth], [item, 1, truth], [item, 2, 0]),
  );
  const shape = { items, annotators: 3, classes: 3, machines: new Set([2]) };
  const { posteriors, confusion } = dawidSkene(votes, shape);
  for (let item = 0; item < items; item += 1) {
    expect(posteriors[item * 3 + (item % 3)]).toBeGreaterThan(0.99);
  }
  // It is known for what it is: says 0 of class 1 as surely as of class 0.
  expect(confusion[2 * 9 + 3]).toBeGreaterThan(0.5);
  // Alone, it is hardly believed.
  const alone = dawidSkene([...votes, { item: items, annotator: 2, label: 0 }], {
    ...shape,
    items: items + 1,
  });
  expect(alone.posteriors[items * 3]).toBeLessThan(0.6);
});

test('posteriors are shares, whatever the votes', () => {
  const vote = fc.record({ item: fc.nat(5), annotator: fc.nat(3), label: fc.nat(2) });
  fc.assert(
    fc.property(fc.array(vote, { maxLength: 40 }), (votes) => {
      const { posteriors } = dawidSkene(votes, { items: 6, annotators: 4, classes: 3 });
      for (let item = 0; item < 6; item += 1) {
        const row = posteriors.slice(item * 3, item * 3 + 3);
        expect(row.reduce((a, b) => a + b)).toBeCloseTo(1, 9);
        expect(row.every((p) => p >= 0 && p <= 1)).toBe(true);
      }
    }),
    { seed: 7 },
  );
});

/** Class shares of the wall-following data: 5,456 rows (UCI, Freire et al. 2009). */
const shares = [2205, 2097, 826, 328].map((n) => n / 5456);
const skills = [0.95, 0.85, 0.75, 0.6];

/** Four people of known skill and one who always says the first class; three answer an item. */
function simulated(seed: number, items: number) {
  const random = seededRandom(`annotators ${seed}`);
  const truth = Array.from({ length: items }, () => drawn(shares, random.next()));
  const votes = truth.flatMap((label, item) => {
    const order = [0, 1, 2, 3, 4].map((annotator) => ({ annotator, at: random.next() }));
    return order
      .toSorted((a, b) => a.at - b.at)
      .slice(0, 3)
      .map(({ annotator }) => {
        const skill = skills[annotator];
        const isRight = skill !== undefined && random.next() < skill;
        const other = (label + 1 + random.integer(3)) % 4;
        return { item, annotator, label: skill === undefined ? 0 : isRight ? label : other };
      });
  });
  return { truth, votes, random };
}

const drawn = (of: readonly number[], u: number): number => {
  let sum = 0;
  return Math.max(
    0,
    of.findIndex((share) => u < (sum += share)),
  );
};

test('knowing each annotator is worth 5 points over the majority, over ten seeds', () => {
  const items = 1091;
  const gains = Array.from({ length: 10 }, (_, seed) => {
    const { truth, votes, random } = simulated(seed, items);
    const { posteriors } = dawidSkene(votes, { items, annotators: 5, classes: 4 });
    const plain = majority(votes, items);
    let [model, most] = [0, 0];
    for (const [item, label] of truth.entries()) {
      const row = posteriors.slice(item * 4, item * 4 + 4);
      if (topIndex(row) === label) model += 1;
      // A tie is drawn among the three answers, as the reference does.
      const tied = votes.filter((vote) => vote.item === item).map((vote) => vote.label);
      const said = plain[item]?.label ?? tied[random.integer(tied.length)];
      if (said === label) most += 1;
    }
    return (model - most) / items;
  });
  const mean = gains.reduce((a, b) => a + b) / gains.length;
  expect(
    mean,
    `seeds 0-9: ${gains.map((gain) => gain.toFixed(3)).join(' ')}`,
  ).toBeGreaterThanOrEqual(0.05);
});

const box = (x: number, more: Partial<DrawnBox> = {}): DrawnBox => ({
  x,
  y: 0,
  w: 100,
  h: 100,
  label: 0,
  confidence: 1,
  annotator: 0,
  ...more,
});

test('boxes of the same thing become their weighted mean; what few saw scores less', () => {
  expect(iou(box(0), box(0))).toBe(1);
  expect(iou(box(0), box(50))).toBeCloseTo(1 / 3, 12);
  expect(iou(box(0), box(100))).toBe(0);
  const drawnBoxes = [
    box(0, { confidence: 0.9 }),
    box(10, { confidence: 0.6, annotator: 1 }),
    box(500, { annotator: 2, confidence: 0.6 }),
    box(0, { label: 1, annotator: 2 }),
  ];
  const fused = fuseBoxes(drawnBoxes, 3);
  // The box of another class is another cluster, and the surest comes first.
  expect(fused.map(({ label, annotators }) => [label, annotators])).toEqual([
    [1, [2]],
    [0, [0, 1]],
    [0, [2]],
  ]);
  // (0.9·0 + 0.6·10) / 1.5 = 4; mean confidence .75 · 2/3.
  expect(fused[1]).toMatchObject({ x: 4, y: 0, h: 100, members: [0, 1] });
  expect(fused[1]?.w).toBeCloseTo(100, 12);
  expect(fused[1]?.score).toBeCloseTo(0.5, 12);
  expect(fused[2]?.score).toBeCloseTo(0.2, 12);
});

test('two boxes of one annotator are two things, however near', () => {
  expect(fuseBoxes([box(0), box(5)], 2)).toHaveLength(2);
});

test('segments agree on the median of their bounds', () => {
  expect(temporalIou({ start: 0, end: 10 }, { start: 5, end: 15 })).toBeCloseTo(1 / 3, 12);
  expect(temporalIou({ start: 0, end: 10 }, { start: 10, end: 15 })).toBe(0);
  const one = (start: number, end: number, annotator: number, label = 0) => ({
    start,
    end,
    annotator,
    label,
  });
  const agreed = agreeSegments([
    one(10, 20, 0),
    one(11, 21, 1),
    one(14, 22, 2),
    one(50, 60, 1),
    one(10, 20, 2, 1),
  ]);
  expect(agreed).toEqual([
    { label: 0, start: 11, end: 21, annotators: [0, 1, 2], members: [0, 1, 2] },
    { label: 1, start: 10, end: 20, annotators: [2], members: [4] },
    { label: 0, start: 50, end: 60, annotators: [1], members: [3] },
  ]);
  expect(median([3, 1])).toBe(2);
  expect(median([])).toBeNaN();
});

test('pairs are the best there are: compared with every assignment', () => {
  // Greedy takes .9 and is left with .1; the best is .8 + .8.
  expect(
    match([
      [0.9, 0.8],
      [0.8, 0.1],
    ]),
  ).toEqual([
    { row: 0, column: 1 },
    { row: 1, column: 0 },
  ]);
  expect(match([[0.9, 0.2]], 0.5)).toEqual([{ row: 0, column: 0 }]);
  expect(match([])).toEqual([]);
  const sides = fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }));
  fc.assert(
    fc.property(sides, fc.integer(), ([rows, columns], seed) => {
      const random = seededRandom(seed);
      const values = Array.from({ length: rows }, () =>
        Array.from({ length: columns }, () => random.next()),
      );
      const sum = match(values).reduce((all, { row, column }) => all + at(values, row, column), 0);
      expect(sum).toBeCloseTo(best(values, 0, new Set()), 9);
    }),
    { seed: 11 },
  );
});

const at = (values: readonly (readonly number[])[], row: number, column: number): number =>
  values[row]?.[column] ?? 0;

/** The largest sum over the rows from `row`, or without one of them. */
function best(values: readonly number[][], row: number, taken: ReadonlySet<number>): number {
  if (row === values.length) return 0;
  const free = (values[row] ?? []).map((_, column) => column).filter((one) => !taken.has(one));
  return Math.max(
    best(values, row + 1, taken),
    ...free.map((one) => at(values, row, one) + best(values, row + 1, new Set([...taken, one]))),
  );
}

test('more than 200 are paired greedily, each once', () => {
  const random = seededRandom(3);
  const values = Array.from({ length: 201 }, () => Array.from({ length: 5 }, () => random.next()));
  const pairs = match(values);
  expect(pairs).toHaveLength(5);
  expect(new Set(pairs.map(({ column }) => column)).size).toBe(5);
});
