/**
 * The way from a file to verdicts against the public readers doing the same work. Both run in
 * turn, file after file; medians of the pairs are compared, and both must have seen the same
 * messages and fired the same rules.
 */
import { deepStrictEqual } from 'node:assert';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate, mixes } from '../generate.ts';
import { type Bench, median, type Row, row } from '../report.ts';
import { rivalWork } from '../rival.ts';
import { benchRules, ourWork } from './ours.ts';

const pairs = 7;
/** The first pairs warm the compilers of both up. */
const warmUp = 2;
const smallBar = 15;

export const readPart: Bench = async (progress) => {
  const folder = await mkdtemp(join(tmpdir(), 'bench-'));
  try {
    const rows: Row[] = [];
    for (const mix of mixes) {
      for (const compression of ['none', 'zstd'] as const) {
        const figure = `${mix.name}, ${compression}`;
        progress(figure);
        const path = join(folder, `${mix.name}-${compression}.mcap`);
        const { messages } = await generate(mix, compression, path);
        rows.push(await compare({ figure, path, messages, isSmall: mix.name === 'small' }));
        await rm(path);
      }
    }
    return rows;
  } finally {
    await rm(folder, { recursive: true });
  }
};

interface Case {
  readonly figure: string;
  readonly path: string;
  readonly messages: number;
  readonly isSmall: boolean;
}

async function compare({ figure, path, messages, isSmall }: Case): Promise<Row> {
  const ruleSet = benchRules();
  const topics = new Set(ruleSet.signals.map((signal) => signal.topic));
  const ours: number[] = [];
  const rivals: number[] = [];
  for (let pair = 0; pair < pairs; pair += 1) {
    const [ourMs, our] = await timed(() => ourWork(path, ruleSet));
    const [rivalMs, rival] = await timed(() => rivalWork(path, topics));
    deepStrictEqual(our, rival, `${figure}: both did the same work`);
    deepStrictEqual(our.messages, messages);
    if (pair < warmUp) continue;
    ours.push(ourMs);
    rivals.push(rivalMs);
  }
  return row({
    figure: `${figure}, against @mcap/core`,
    unit: 'ms a file',
    value: median(ours),
    rival: median(rivals),
    ratio: median(rivals.map((rivalMs, i) => rivalMs / (ours[i] ?? rivalMs))),
    atLeast: isSmall ? smallBar : undefined,
  });
}

async function timed<T>(work: () => Promise<T>): Promise<[number, T]> {
  const started = performance.now();
  const result = await work();
  return [performance.now() - started, result];
}
