/**
 * Agreement with its interval: Krippendorff's alpha of all values together and of each value
 * against the rest, and how far each would move with other items. Items are drawn again with
 * replacement (percentile bootstrap over items: Zapf, A., Castell, S., Morawietz, L. & Karch, A.
 * (2016), "Measuring inter-rater reliability for nominal data", BMC Medical Research Methodology
 * 16:93). An item is drawn with all its units: the boxes of one image, the bins of one recording.
 */
import type { Random } from '@fieldloop/core';
import { quantile } from '../estimate/paired-bootstrap.ts';

/** Draws of an interval; fewer where there are many items, whose intervals are narrow anyhow. */
const mostDraws = 1000;
const leastDraws = 200;
const drawnItems = 2_000_000;

export interface AgreementFigure {
  /** Absent when chance alone could not disagree. */
  readonly alpha?: number;
  /** 2.5 and 97.5 percentiles of the draws; absent without draws. */
  readonly low?: number;
  readonly high?: number;
  /** Items with at least two values; of a value, those in which somebody gave it. */
  readonly items: number;
  /** Units with at least two values, and the values in them. */
  readonly units: number;
  readonly values: number;
}

export interface AgreementFigures {
  readonly all: AgreementFigure;
  /** Each value that somebody gave. */
  readonly of: ReadonlyMap<string, AgreementFigure>;
}

/** What items of one kind add: alike items are one pattern, counted. */
interface Pattern {
  items: number;
  readonly units: number;
  readonly values: number;
  /** Pairs of different values, each unit weighing as many as it has values. */
  readonly disagreed: number;
  readonly of: readonly {
    readonly value: number;
    readonly n: number;
    readonly disagreed: number;
  }[];
}

/** Takes items one after the other and keeps only their counts. */
export function openAgreement() {
  const names = new Map<string, number>();
  const patterns = new Map<string, Pattern>();
  return {
    /** The units of an item: of each, what annotators called it, in any order. */
    add(units: readonly (readonly string[])[]): void {
      const made = patternOf(units, names);
      if (made === undefined) return;
      const key = JSON.stringify([made.units, made.values, made.disagreed, made.of]);
      const known = patterns.get(key);
      if (known === undefined) patterns.set(key, made);
      else known.items += 1;
    },

    /** With intervals where there is chance to draw by. */
    figures: (random?: Random): AgreementFigures =>
      figuresOf([...patterns.values()], [...names.keys()], random),
  };
}

function patternOf(
  units: readonly (readonly string[])[],
  names: Map<string, number>,
): Pattern | undefined {
  const pairable = units.filter((of) => of.length >= 2);
  if (pairable.length === 0) return undefined;
  const of = new Map<number, { n: number; disagreed: number }>();
  let [values, disagreed] = [0, 0];
  for (const unit of pairable) {
    const counts = new Map<number, number>();
    for (const name of unit) {
      const value = names.get(name) ?? names.size;
      names.set(name, value);
      counts.set(value, (counts.get(value) ?? 0) + 1);
    }
    const m = unit.length;
    for (const [value, n] of counts) {
      const sum = of.get(value) ?? { n: 0, disagreed: 0 };
      of.set(value, sum);
      sum.n += n;
      sum.disagreed += (2 * n * (m - n)) / (m - 1);
      disagreed += (n * (m - n)) / (m - 1);
    }
    values += m;
  }
  const sorted = [...of].toSorted(([a], [b]) => a - b);
  const each = sorted.map(([value, sum]) => ({ value, ...sum }));
  return { items: 1, units: pairable.length, values, disagreed, of: each };
}

interface Sums {
  values: number;
  disagreed: number;
  readonly n: Float64Array;
  readonly disagreedOf: Float64Array;
}

function figuresOf(
  patterns: readonly Pattern[],
  names: readonly string[],
  random: Random | undefined,
): AgreementFigures {
  const counts = patterns.map(({ items }) => items);
  const items = counts.reduce((sum, n) => sum + n, 0);
  const units = patterns.reduce((sum, one) => sum + one.items * one.units, 0);
  const sums = summed(patterns, counts, names.length);
  const draws = random === undefined ? [] : drawn(patterns, { random, items, names });
  const interval = (
    of: (sums: Sums) => number,
  ): { readonly low?: number; readonly high?: number } => {
    const found = Float64Array.from(draws.map(of).filter((alpha) => !Number.isNaN(alpha))).sort();
    return found.length === 0 ? {} : { low: quantile(found, 0.025), high: quantile(found, 0.975) };
  };
  const figure = (of: (sums: Sums) => number, known: { items: number; units: number }) => {
    const alpha = of(sums);
    const measured = { ...known, values: sums.values };
    return Number.isNaN(alpha) ? measured : { alpha, ...interval(of), ...measured };
  };
  const seen = names.map((_, value) =>
    patterns
      .filter((one) => one.of.some((part) => part.value === value))
      .reduce((sum, one) => sum + one.items, 0),
  );
  return {
    all: figure(alphaOfAll, { items, units }),
    of: new Map(
      names.map((name, value) => [
        name,
        figure((of) => alphaOfOne(of, value), { items: seen[value] ?? 0, units }),
      ]),
    ),
  };
}

/** Items drawn again and again, as sums: the same draws for all values. */
function drawn(
  patterns: readonly Pattern[],
  of: { readonly random: Random; readonly items: number; readonly names: readonly string[] },
): readonly Sums[] {
  const { random, items, names } = of;
  const patternAt = Int32Array.from(
    patterns.flatMap((one, i) => Array.from({ length: one.items }, () => i)),
  );
  const wanted = Math.ceil(drawnItems / Math.max(1, items));
  const draws = Math.min(mostDraws, Math.max(leastDraws, wanted));
  return Array.from({ length: draws }, () => {
    const counts = patterns.map(() => 0);
    for (let i = 0; i < items; i += 1) {
      const at = patternAt[random.integer(items)] ?? 0;
      counts[at] = (counts[at] ?? 0) + 1;
    }
    return summed(patterns, counts, names.length);
  });
}

function summed(patterns: readonly Pattern[], counts: readonly number[], names: number): Sums {
  const sums: Sums = {
    values: 0,
    disagreed: 0,
    n: new Float64Array(names),
    disagreedOf: new Float64Array(names),
  };
  for (const [i, pattern] of patterns.entries()) {
    const times = counts[i] ?? 0;
    if (times === 0) continue;
    sums.values += times * pattern.values;
    sums.disagreed += times * pattern.disagreed;
    for (const { value, n, disagreed } of pattern.of) {
      sums.n[value] = (sums.n[value] ?? 0) + times * n;
      sums.disagreedOf[value] = (sums.disagreedOf[value] ?? 0) + times * disagreed;
    }
  }
  return sums;
}

/** 1 - D_o / D_e; NaN where nothing could disagree. */
function alphaOfAll({ values, disagreed, n }: Sums): number {
  const alike = n.reduce((sum, of) => sum + of * (of - 1), 0);
  const expected = (values * (values - 1) - alike) / (values - 1);
  return expected > 0 ? 1 - disagreed / expected : Number.NaN;
}

/** The same of one value against all others. */
function alphaOfOne({ values, n, disagreedOf }: Sums, value: number): number {
  const own = n[value] ?? 0;
  const expected = (2 * own * (values - own)) / (values - 1);
  return expected > 0 ? 1 - (disagreedOf[value] ?? 0) / expected : Number.NaN;
}
