/**
 * The way from a file to verdicts: ours against a loop in C and against the public readers. All do
 * the same work in turn; the medians of the ratios of pairs count, and all must have seen the same
 * messages and fired the same rules.
 *
 * Ours and the loop in C read 4 MiB at a time, check the CRC of each chunk, of the data section and
 * of the summary (joined where a stored chunk was summed already), check every length against the
 * end of its message, sort by log time with 200 ms of lateness and fold five rules. Only ours keeps
 * columns of sequence and publish time, knows its fields and rules from documents, tells unknown
 * from false, and makes a verdict with its values of each of some 3,500 triggers; C counts them.
 */
import { deepStrictEqual } from 'node:assert';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Compression, generate, mixes } from '../generate.ts';
import { type Bench, median, type Row, row } from '../report.ts';
import { rivalWork, type Work } from '../rival.ts';
import { type CLoop, type NoCLoop, openCLoop } from './c-loop.ts';
import { benchRules, ourWork } from './ours.ts';

/** The public readers take seconds, the loop in C does not. */
const pairs = { c: 25, core: 5 };
/** The first pairs warm compilers and caches up. */
const warmUp = { c: 5, core: 1 };

interface Bars {
  readonly c?: number | undefined;
  readonly core?: number | undefined;
}

const barsOf = (mix: string, compression: Compression): Bars => {
  if (compression === 'lz4') return { c: 2 };
  if (mix === 'small') return { c: 1.7, core: 15 };
  return { c: mix === 'mixed' && compression === 'zstd' ? 1.2 : undefined };
};

export const readPart: Bench = async (progress) => {
  const folder = await mkdtemp(join(tmpdir(), 'bench-'));
  const c = await openCLoop(folder);
  const isBuilt = !('missing' in c);
  try {
    if (!isBuilt) progress(c.missing);
    const rows: Row[] = [];
    for (const mix of mixes) {
      for (const compression of ['none', 'zstd', 'lz4'] as const) {
        const figure = `${mix.name}, ${compression}`;
        const bars = barsOf(mix.name, compression);
        if (compression === 'lz4' && !isBuilt) {
          rows.push(unmeasured(figure, bars));
          continue;
        }
        progress(figure);
        const path = join(folder, `${mix.name}-${compression}.mcap`);
        const { messages } = await generate(mix, compression, path, isBuilt ? c.lz4 : undefined);
        const one = { figure, path, messages, bars };
        rows.push(await againstC(one, c));
        if (compression !== 'lz4') rows.push(await againstCore(one));
        await rm(path);
      }
    }
    return rows;
  } finally {
    if (isBuilt) await c[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  }
};

interface Case {
  readonly figure: string;
  readonly path: string;
  readonly messages: number;
  readonly bars: Bars;
}

async function againstC({ figure, path, messages, bars }: Case, c: CLoop | NoCLoop): Promise<Row> {
  if ('missing' in c) return unmeasured(figure, bars);
  const times = await measured({ path, messages, pairs: pairs.c, warmUp: warmUp.c }, async () => {
    const { ms, ...work } = await c.work(path);
    return [ms, { messages: work.messages, fires: work.fires }];
  });
  return row({
    figure: `${figure}, against the loop in C`,
    unit: 'ms a file',
    value: median(times.ours),
    rival: median(times.rivals),
    ratio: median(times.ours.map((ms, i) => ms / (times.rivals[i] ?? ms))),
    atMost: bars.c,
  });
}

async function againstCore({ figure, path, messages, bars }: Case): Promise<Row> {
  const topics = new Set(benchRules().signals.map((signal) => signal.topic));
  const times = await measured({ path, messages, pairs: pairs.core, warmUp: warmUp.core }, () =>
    timed(() => rivalWork(path, topics)),
  );
  return row({
    figure: `${figure}, against @mcap/core`,
    unit: 'ms a file',
    value: median(times.ours),
    rival: median(times.rivals),
    ratio: median(times.rivals.map((ms, i) => ms / (times.ours[i] ?? ms))),
    atLeast: bars.core,
  });
}

/** The loop in C is missing: its bar is not reached by not being measured. */
function unmeasured(figure: string, bars: Bars): Row {
  return row({
    figure: `${figure}, against the loop in C (not built)`,
    unit: 'ms a file',
    value: Number.NaN,
    rival: Number.NaN,
    ratio: Number.NaN,
    atMost: bars.c,
  });
}

interface Race {
  readonly path: string;
  readonly messages: number;
  readonly pairs: number;
  readonly warmUp: number;
}

/** Pairs in turn: who went second in one goes first in the next. */
async function measured(
  race: Race,
  rivalRun: () => Promise<[number, Work]>,
): Promise<{ readonly ours: number[]; readonly rivals: number[] }> {
  const ruleSet = benchRules();
  const ours: number[] = [];
  const rivals: number[] = [];
  const ourRun = (): Promise<[number, Work]> => timed(() => ourWork(race.path, ruleSet));
  for (let pair = 0; pair < race.pairs; pair += 1) {
    const isOurTurn = pair % 2 === 0;
    const first = await (isOurTurn ? ourRun() : rivalRun());
    const second = await (isOurTurn ? rivalRun() : ourRun());
    const [ourMs, our] = isOurTurn ? first : second;
    const [rivalMs, rival] = isOurTurn ? second : first;
    deepStrictEqual(our, rival, `${race.path}: both did the same work`);
    deepStrictEqual(our.messages, race.messages);
    if (pair < race.warmUp) continue;
    ours.push(ourMs);
    rivals.push(rivalMs);
  }
  return { ours, rivals };
}

async function timed<T>(work: () => Promise<T>): Promise<[number, T]> {
  const started = performance.now();
  const result = await work();
  return [performance.now() - started, result];
}
