/** Figures over seeds: means with their intervals, coverage of the audit, agreement of people. */
import { type Random, seededRandom } from '@fieldloop/core';
import {
  dawidSkene,
  drawnRate,
  isDrawn,
  majority,
  studentT,
  topIndex,
  type Vote,
  wilson,
} from '@fieldloop/learning';
import type { SeedResult } from './seed.ts';
import type { Table } from './table.ts';

export interface Mean {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Student's interval of the mean over seeds; of one seed there is none. */
export function meanOf(values: readonly number[]): Mean {
  const n = values.length;
  const value = values.reduce((sum, one) => sum + one, 0) / n;
  if (n < 2) return { value, low: Number.NaN, high: Number.NaN };
  const squares = values.reduce((sum, one) => sum + (one - value) ** 2, 0);
  const half = studentT(0.95, n - 1) * Math.sqrt(squares / (n - 1) / n);
  return { value, low: value - half, high: value + half };
}

/** How many audits are drawn again in all, over the seeds. */
const auditDraws = 1000;
const auditPropensity = 0.1;

/** How often the product's estimate of the failure rate has the true one inside its interval. */
export function auditCoverage(seeds: readonly SeedResult[]): Mean & { readonly draws: number } {
  const each = Math.ceil(auditDraws / seeds.length);
  let inside = 0;
  for (const { device, failed, failureRate } of seeds) {
    for (let n = 0; n < each; n += 1) {
      const drawn = failed.filter(({ id }) => isDrawn(`${device}/${n}`, id, auditPropensity));
      const { low, high } = drawnRate(
        drawn.map((unit) => ({
          value: Number(unit.failed),
          propensity: auditPropensity,
          cluster: unit.id,
        })),
      );
      if (low <= failureRate && failureRate <= high) inside += 1;
    }
  }
  const draws = each * seeds.length;
  return { ...wilson(inside, draws), draws };
}

/** How often each simulated annotator is right; one more always says class 0. */
const skills = [0.95, 0.85, 0.75, 0.6];
const labelsAnItem = 3;

/** Share of items right by Dawid-Skene, and by majority where a tie is drawn. */
export function consensusRun(
  table: Table,
  seed: number,
): { readonly ds: number; readonly majority: number } {
  const random = seededRandom(`consensus/${seed}`);
  const items = table.labels.length;
  const classes = table.classes.length;
  const annotators = skills.length + 1;
  const votes: Vote[] = [];
  for (let item = 0; item < items; item += 1) {
    const truth = table.labels[item] ?? 0;
    for (const annotator of someOf(annotators, labelsAnItem, random)) {
      votes.push({ item, annotator, label: said(truth, { annotator, classes, random }) });
    }
  }
  const { posteriors } = dawidSkene(votes, { items, annotators, classes });
  const most = majority(votes, items);
  const ofItem = Map.groupBy(votes, ({ item }) => item);
  let byModel = 0;
  let byVotes = 0;
  for (let item = 0; item < items; item += 1) {
    const truth = table.labels[item];
    const row = posteriors.subarray(item * classes, (item + 1) * classes);
    if (topIndex(row) === truth) byModel += 1;
    const own = ofItem.get(item) ?? [];
    const tie = own[random.integer(Math.max(1, own.length))]?.label;
    if ((most[item]?.label ?? tie) === truth) byVotes += 1;
  }
  return { ds: byModel / items, majority: byVotes / items };
}

function said(
  truth: number,
  of: { readonly annotator: number; readonly classes: number; readonly random: Random },
): number {
  const { annotator, classes, random } = of;
  const skill = skills[annotator];
  if (skill === undefined) return 0;
  if (random.next() < skill) return truth;
  return (truth + 1 + random.integer(classes - 1)) % classes;
}

function someOf(count: number, wanted: number, random: Random): readonly number[] {
  const left = Array.from({ length: count }, (_, n) => n);
  return Array.from({ length: wanted }, () => left.splice(random.integer(left.length), 1)[0] ?? 0);
}
