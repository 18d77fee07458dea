/**
 * Recordings through reader, accessors and rules, against the public readers doing the same work.
 * Both run in this process in turn, file after file; the medians of the pairs are compared, and
 * both must have seen the same messages and fired the same rules.
 */
import { deepStrictEqual } from 'node:assert';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RuleSet } from '@fieldloop/rules';
import { benchRules, ourWork } from './agent/ours.ts';
import { type Compression, generate, mixes } from './generate.ts';
import { type Bench, median, type Row, row } from './report.ts';
import { rivalWork } from './rival.ts';

const pairs = 7;
/** The first pairs warm the compilers of both up. */
const warmUp = 2;
/** What small messages must reach against @mcap/core at this stage. */
const smallBar = 5;

export const rulesBench: Bench = async (progress) => {
  const ruleSet = benchRules();
  const folder = await mkdtemp(join(tmpdir(), 'bench-'));
  try {
    const rows: Row[] = [];
    for (const mix of mixes) {
      for (const compression of ['none', 'zstd'] as const) {
        const path = join(folder, `${mix.name}-${compression}.mcap`);
        progress(`${mix.name}, ${compression}: generating`);
        const { messages, bytes } = await generate(mix, compression, path);
        progress(`${mix.name}, ${compression}: ${messages} messages, ${bytes} bytes`);
        rows.push(await compare({ name: mix.name, compression, path, ruleSet, messages }));
        await rm(path);
      }
    }
    return rows;
  } finally {
    await rm(folder, { recursive: true });
  }
};

interface Case {
  readonly name: string;
  readonly compression: Compression;
  readonly path: string;
  readonly ruleSet: RuleSet;
  readonly messages: number;
}

async function compare(one: Case): Promise<Row> {
  const topics = new Set(one.ruleSet.signals.map((signal) => signal.topic));
  const ours: number[] = [];
  const rivals: number[] = [];
  for (let pair = 0; pair < pairs; pair += 1) {
    const [ourMs, our] = await timed(() => ourWork(one.path, one.ruleSet));
    const [rivalMs, rival] = await timed(() => rivalWork(one.path, topics));
    deepStrictEqual(our, rival, `${one.name}: both did the same work`);
    deepStrictEqual(our.messages, one.messages);
    if (pair < warmUp) continue;
    ours.push(ourMs);
    rivals.push(rivalMs);
  }
  return row({
    figure: `${one.name}, ${one.compression}`,
    unit: 'ms a file',
    value: median(ours),
    rival: median(rivals),
    ratio: median(rivals.map((rivalMs, i) => rivalMs / (ours[i] ?? rivalMs))),
    ...(one.name === 'small' ? { atLeast: smallBar } : {}),
  });
}

async function timed<T>(work: () => Promise<T>): Promise<[number, T]> {
  const started = performance.now();
  const result = await work();
  return [performance.now() - started, result];
}
