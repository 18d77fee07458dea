/**
 * Evaluations of rules a second on one thread: the engine alone on blocks in memory, and the whole
 * way from the file. An evaluation is one look at one rule's condition after a message changed it.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Channel, type MessageBlock, readRecording } from '@fieldloop/recording';
import { openFile } from '@fieldloop/recording/file';
import { type Engine, openEngine, type RuleSet } from '@fieldloop/rules';
import { generate, mixes } from '../generate.ts';
import { type Bench, median, type Row, row } from '../report.ts';
import { benchRules } from './ours.ts';

const runs = 9;
/** The first runs warm the compiler up. */
const warmUp = 2;
const barPerSecond = 2_000_000;

export const evaluatePart: Bench = async (progress) => {
  const ruleSet = benchRules();
  const mix = mixes.find(({ name }) => name === 'small');
  if (mix === undefined) throw new TypeError('there is no small mix');
  const folder = await mkdtemp(join(tmpdir(), 'bench-'));
  try {
    const path = join(folder, 'small.mcap');
    progress('small: generating');
    await generate(mix, 'zstd', path);
    const held = await hold(path);
    return [
      await rate('engine on blocks in memory', () => evaluated(ruleSet, held)),
      await rate('file to verdict, blocks kept alive', async () =>
        evaluated(ruleSet, await hold(path)),
      ),
    ];
  } finally {
    await rm(folder, { recursive: true });
  }
};

interface Held {
  readonly channels: readonly Channel[];
  readonly blocks: readonly MessageBlock[];
}

async function hold(path: string): Promise<Held> {
  const channels: Channel[] = [];
  const blocks: MessageBlock[] = [];
  await using file = await openFile(path);
  for await (const item of readRecording(file)) {
    if (item.kind === 'channel') channels.push(item.channel);
    else if (item.kind === 'block') blocks.push(item.block);
  }
  return { channels, blocks };
}

function evaluated(ruleSet: RuleSet, { channels, blocks }: Held): Promise<number> {
  const engine: Engine = openEngine(ruleSet, { device: 'bench', seed: 'bench' });
  for (const channel of channels) engine.channel(0, channel);
  for (const block of blocks) engine.block(0, block);
  engine.flush();
  return Promise.resolve(engine.counters().evaluations);
}

async function rate(figure: string, work: () => Promise<number>): Promise<Row> {
  const rates: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const started = performance.now();
    const evaluations = await work();
    if (run >= warmUp) rates.push((evaluations / (performance.now() - started)) * 1e3);
  }
  const value = median(rates);
  return row({
    figure: `evaluations, ${figure}`,
    unit: '1/s',
    value,
    rival: barPerSecond,
    ratio: value / barPerSecond,
    atLeast: 1,
  });
}
