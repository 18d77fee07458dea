/** One seed from the base model to the retrained ones: what each step of the loop gave. */
import { join } from 'node:path';
import { auroc } from '@fieldloop/learning';
import { type Place, versionOf } from './base.ts';
import type { Calls } from './calls.ts';
import { draw, strategies, type Strategy } from './draws.ts';
import { answerAll, openTasks } from './labels.ts';
import { accuracy, declareModel, train, writeModel } from './models.ts';
import { replay, type Unit } from './robot.ts';
import { splitOf } from './split.ts';
import type { Table } from './table.ts';

export interface Site {
  readonly calls: Calls;
  readonly place: Place;
  readonly table: Table;
  readonly imported: string;
  readonly baseVersion: string;
  readonly annotators: readonly Calls[];
  /** People are given what comes next, of whatever seed: one after the other asks them. */
  readonly desk: <T>(work: () => Promise<T>) => Promise<T>;
  readonly progress: (text: string) => void;
}

export interface SeedResult {
  readonly seed: number;
  readonly device: string;
  readonly base: number;
  readonly baseModel: string;
  /** Share of the pool that the base model gets wrong. */
  readonly failureRate: number;
  readonly auroc: number;
  /** Share of what a strategy chose that was a failure. */
  readonly caught: Readonly<Record<Strategy | 'oracle', number>>;
  readonly retrained: Readonly<Record<Strategy, number>>;
  readonly models: Readonly<Record<Strategy, string>>;
  /** Of each unit of the pool. */
  readonly failed: readonly { readonly id: string; readonly failed: boolean }[];
  readonly stop: () => Promise<void>;
}

/** Labels that a strategy may ask for, as a share of the pool. */
export const budgetShare = 0.1;

/** More than a table has rows: no two robots have a moment in common. */
const placesASeed = 1_000_000;

export async function runSeed(site: Site, seed: number): Promise<SeedResult> {
  const { calls, place, table, progress } = site;
  const split = splitOf(table.rows.length, seed);
  const held = { table, rows: split.held.flat() };
  const device = `seed${seed}`;
  await declareModel(calls, device, table);
  const wanted = { model: device, version: site.baseVersion, seed, base: undefined };
  const baseModel = await train(calls, wanted);
  const base = await accuracy(calls, baseModel, held);
  await writeModel(calls, baseModel, join(place.folder, device, 'model'));
  progress(`seed ${seed}: base ${base.toFixed(3)}`);
  const rows = split.pool.flat();
  const first = (seed + 1) * placesASeed;
  const { units, stop } = await replay(calls, place, { name: device, table, rows, first });
  const isWrong = ({ row, predicted }: Unit): boolean => predicted !== nameOf(table, row);
  const failed = units.map(isWrong);
  const failures = failed.filter(Boolean).length;
  const size = Math.round(rows.length * budgetShare);
  const caught: Partial<Record<Strategy, number>> = {};
  const retrained: Partial<Record<Strategy, number>> = {};
  const models: Partial<Record<Strategy, string>> = {};
  const truth = new Map(units.map(({ startNs, row }) => [startNs, nameOf(table, row)]));
  const known = new Map(units.map((unit) => [unit.id, unit]));
  for (const strategy of strategies) {
    const choices = await draw(calls, { model: device, strategy, wanted: size });
    const chosen = choices.flatMap((choice) => {
      const unit = known.get(choice.unit);
      return unit === undefined ? [] : [{ choice, unit }];
    });
    const batch = `${device}/${strategy}`;
    const answers = await site.desk(async () => {
      await openTasks(calls, batch, chosen);
      return await answerAll(site.annotators, truth);
    });
    caught[strategy] = chosen.filter(({ unit }) => isWrong(unit)).length / chosen.length;
    const version = await versionOf(calls, [site.imported, batch]);
    const model = await train(calls, { model: device, version, seed, base: baseModel });
    models[strategy] = model;
    retrained[strategy] = await accuracy(calls, model, held);
    const shares = `${chosen.length} labels, ${answers} answers, ${caught[strategy]?.toFixed(3)}`;
    progress(`seed ${seed}: ${strategy} ${shares} wrong, then ${retrained[strategy]?.toFixed(3)}`);
  }
  const scores = units.map(({ entropy }) => entropy);
  const ranked = auroc({ scores, failed: failed.map(Number) });
  progress(`seed ${seed}: ${failures} of ${units.length} wrong, AUROC ${ranked.toFixed(3)}`);
  return {
    seed,
    device,
    base,
    baseModel,
    failureRate: failures / units.length,
    auroc: ranked,
    caught: { ...whole(caught), oracle: Math.min(1, failures / size) },
    retrained: whole(retrained),
    models: whole(models),
    failed: units.map(({ id }, n) => ({ id, failed: failed[n] ?? false })),
    stop,
  };
}

function whole<T>(of: Partial<Record<Strategy, T>>): Record<Strategy, T> {
  const { entropy, badge, random } = of;
  if (entropy === undefined || badge === undefined || random === undefined) {
    throw new TypeError('a strategy is missing');
  }
  return { entropy, badge, random };
}

const nameOf = ({ classes, labels }: Table, row: number): string => classes[labels[row] ?? 0] ?? '';
