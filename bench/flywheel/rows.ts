/** The figures of all seeds as rows of a report. */
import { type Row, row } from '../report.ts';
import { auditCoverage, consensusRun, type Mean, meanOf } from './figures.ts';
import type { SeedResult } from './seed.ts';
import type { Table } from './table.ts';

/** Annotators are simulated at least so often, for they cost nothing. */
const leastConsensusRuns = 10;

export function rowsOf(
  table: Table,
  seeds: readonly SeedResult[],
  { withBars }: { readonly withBars: boolean },
): readonly Row[] {
  const over = (figure: (one: SeedResult) => number): Mean => meanOf(seeds.map(figure));
  const random = over(({ caught }) => caught.random).value;
  const base = over((one) => one.base).value;
  const coverage = auditCoverage(seeds);
  const runs = Array.from({ length: Math.max(leastConsensusRuns, seeds.length) }, (_, n) =>
    consensusRun(table, n),
  );
  const bar = (atLeast: number): number | undefined => (withBars ? atLeast : undefined);
  const lift = (name: 'entropy' | 'badge' | 'oracle'): Mean =>
    over(({ caught }) => caught[name] / caught.random);
  const lifted = (name: 'entropy' | 'badge' | 'oracle', atLeast?: number): Row =>
    made(`failures captured, ${name} / random`, lift(name), {
      value: over(({ caught }) => caught[name]).value,
      rival: random,
      atLeast,
    });
  const gain = (name: 'entropy' | 'badge' | 'random', atLeast?: number): Row =>
    made(
      `${name} retrain - base`,
      over(({ retrained, base: b }) => retrained[name] - b),
      {
        value: over(({ retrained }) => retrained[name]).value,
        rival: base,
        atLeast,
      },
    );
  return [
    lifted('entropy', bar(1.6)),
    lifted('badge'),
    lifted('oracle', bar(3)),
    alone(
      'AUROC of entropy',
      over((one) => one.auroc),
      bar(0.7),
    ),
    gain('badge', bar(0.05)),
    gain('entropy'),
    gain('random'),
    alone(`audit inside its interval, ${coverage.draws} draws`, coverage, bar(0.93)),
    made('Dawid-Skene - majority', meanOf(runs.map((one) => one.ds - one.majority)), {
      value: meanOf(runs.map((one) => one.ds)).value,
      rival: meanOf(runs.map((one) => one.majority)).value,
      atLeast: bar(0.05),
    }),
  ];
}

interface Sides {
  readonly value: number;
  readonly rival: number;
  readonly atLeast?: number | undefined;
}

/** `figure` is what the bar is asked of; value and rival are what it is made of. */
function made(figure: string, { value: ratio, low, high }: Mean, sides: Sides): Row {
  const { value, rival, atLeast } = sides;
  const made = row({
    figure,
    unit: 'share',
    value,
    rival,
    ratio,
    ...(atLeast === undefined ? {} : { atLeast }),
  });
  return Number.isNaN(low) ? made : { ...made, interval: [low, high] };
}

const alone = (figure: string, mean: Mean, atLeast: number | undefined): Row =>
  made(figure, mean, { value: mean.value, rival: 1, atLeast });
