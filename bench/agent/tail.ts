/**
 * A file that a recorder is writing: how long after a message its verdict is there. The recorder
 * is a process of its own; the agent's data thread follows the file as on a robot. A message waits
 * for its chunk, which is the recorder's time, and a verdict waits for the lateness of its source.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { observeVerdicts } from '@fieldloop/agent/observe';
import { type Bench, median, type Row, row } from '../report.ts';

const seconds = 24;
const hz = 200;
/** The recorder's rate: 2 MB/s, a chunk of 768 KiB each 0.4 s. */
const padBytes = 10_000;
/** What a message may take beyond its chunk, ms. */
const barMs = 50;

const rules = `apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: tail, version: 1}
signals:
  speed: {topic: /speed, path: data, type: double}
rules:
- {id: fast, when: speed > 1.0, capture: {topics: [/speed], pre: 1s, post: 1s}}
`;

interface Chunk {
  readonly throughNs: bigint;
  readonly writtenNs: bigint;
}

interface Verdict {
  readonly atNs: bigint;
  readonly heardNs: bigint;
}

interface Run {
  readonly chunks: readonly Chunk[];
  readonly verdicts: readonly Verdict[];
}

export const tailPart: Bench = async (progress) => {
  const rows: Row[] = [];
  for (const lateness of ['10ms', '200ms']) {
    progress(`tail: a recorder of ${seconds} s, lateness ${lateness}`);
    rows.push(...rowsOf(await record(lateness), lateness));
  }
  return rows;
};

async function record(lateness: string): Promise<Run> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-tail-'));
  const bags = join(folder, 'bags');
  await mkdir(bags);
  const verdicts: Verdict[] = [];
  try {
    await using observed = observeVerdicts({
      folder: join(folder, 'state'),
      source: { folder: bags, glob: '*.mcap', lateness },
      rules,
      onVerdict: ({ atNs }) => verdicts.push({ atNs, heardNs: process.hrtime.bigint() }),
    });
    await observed.ready;
    const chunks = await write(join(bags, 'run_0.mcap'));
    while (observed.messages < 2 * seconds * hz) await sleep(50);
    return { chunks, verdicts };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function write(path: string): Promise<readonly Chunk[]> {
  const program = join(import.meta.dirname, 'tail-writer.ts');
  const args = [program, path, String(seconds), String(hz), String(padBytes)];
  const recorder = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(recorder, 'exit');
  const chunks: Chunk[] = [];
  for await (const line of createInterface({ input: recorder.stdout })) {
    const { throughNs, writtenNs } = JSON.parse(line) as Readonly<Record<string, string>>;
    chunks.push({ throughNs: BigInt(throughNs ?? 0), writtenNs: BigInt(writtenNs ?? 0) });
  }
  const [code] = (await ended) as [number | null];
  if (code !== 0) throw new Error(`the recorder ended with ${code}`);
  return chunks;
}

function rowsOf({ chunks, verdicts }: Run, lateness: string): Row[] {
  const intervals = chunks.slice(1).map(({ writtenNs }, i) => ms(writtenNs, chunks[i]?.writtenNs));
  const interval = median(intervals);
  const last = chunks.at(-1)?.throughNs ?? 0n;
  // What follows the last full chunk is written when the recorder ends.
  const inChunks = verdicts.filter(({ atNs }) => atNs <= last);
  const whole = inChunks.map(({ atNs, heardNs }) => ms(heardNs, atNs));
  const after = inChunks.map(({ atNs, heardNs }) => {
    const chunk = chunks.find(({ throughNs }) => throughNs >= atNs);
    return ms(heardNs, chunk?.writtenNs);
  });
  const isUsual = lateness === '200ms';
  const beyond = p99(whole) - interval;
  const about = `lateness ${lateness}, ${inChunks.length} verdicts`;
  return [
    row({
      figure: `tail: chunk on disk to verdict, median (${about})`,
      unit: 'ms',
      value: median(after),
      rival: interval,
      ratio: median(after) / interval,
    }),
    row({
      figure: `tail: message to verdict p99 beyond the chunk interval of ${interval.toFixed(0)} ms (${about})`,
      unit: 'ms',
      value: beyond,
      rival: barMs,
      ratio: beyond / barMs,
      // With the usual lateness a message of a chunk's end waits for the next chunk as well.
      atMost: isUsual ? undefined : 1,
    }),
  ];
}

const ms = (ns: bigint, since = 0n): number => Number(ns - since) / 1e6;

function p99(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * 0.99) - 1] ?? Number.NaN;
}
