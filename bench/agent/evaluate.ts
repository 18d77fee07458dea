/**
 * Evaluations of rules a second on one thread: in the agent's own data thread (a file through
 * source, window and rules to verdicts, as on a robot), and in the engine alone. An evaluation is
 * one look at one rule's condition after a message changed what it reads.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { observeVerdicts } from '@fieldloop/agent/observe';
import { type Channel, type MessageBlock, readRecording } from '@fieldloop/recording';
import { openFile } from '@fieldloop/recording/file';
import { openEngine, parseRuleSet } from '@fieldloop/rules';
import { generate, mixes } from '../generate.ts';
import { type Bench, median, type Row, row } from '../report.ts';

const runs = 7;
/** The first runs warm the compiler up. */
const warmUp = 2;
const barPerSecond = 2_000_000;
const threadRuns = 3;
/**
 * A fleet's document has dozens of rules on a few topics (the language takes 256): there the bar is
 * held. With three rules a topic most of the time goes into reading; that document informs.
 */
const documents: readonly { readonly perTopic: number; readonly atLeast?: number }[] = [
  { perTopic: 16, atLeast: 1 },
  { perTopic: 3 },
];
/** Long enough that the data thread's compiler warms up in the first tenth. */
const seconds = 600;

const signals = ['ax', 'effort', 'tx', 'vx'];

/** Conditions that never hold: a comparison, two joined by `or`, and two signals joined by `and`. */
const shapes: readonly ((signal: string, k: number) => string)[] = [
  (signal, k) => `${signal} > ${k + 1}e6`,
  (signal, k) => `${signal} < -${k + 1}e6 || ${signal} > ${k + 2}e6`,
  (signal, k) => `${signal} > ${k + 3}e6 && vx > 0.0`,
];

/**
 * So many rules on each of the four fast topics, the three shapes in turn, and one rule on the
 * fifth whose verdicts show how far the thread got.
 */
function rulesOf(perTopic: number): string {
  const conditions = signals.flatMap((signal) =>
    Array.from({ length: perTopic }, (_, k) => shapes[k % shapes.length]?.(signal, k) ?? ''),
  );
  const never = conditions.map(
    (when, k) => `- {id: never-${k}, when: '${when}', capture: {topics: [/odom]}}`,
  );
  return `apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: evaluate, version: 1}
signals:
  ax: {topic: /imu/data, path: linear_acceleration.x, type: double}
  effort: {topic: /joint_states, path: "effort[0]", type: double}
  tx: {topic: /tf, path: "transforms[0].transform.translation.x", type: double}
  vx: {topic: /odom, path: twist.twist.linear.x, type: double}
  mode: {topic: /autonomy/mode, path: data, type: string}
rules:
${never.join('\n')}
- {id: flip, when: changed(mode), capture: {topics: [/autonomy/mode], pre: 0s, post: 0s}}
`;
}

export const evaluatePart: Bench = async (progress) => {
  const mix = mixes.find(({ name }) => name === 'small');
  if (mix === undefined) throw new TypeError('there is no small mix');
  const folder = await mkdtemp(join(tmpdir(), 'bench-'));
  try {
    const path = join(folder, 'small.mcap');
    progress(`evaluate: generating ${seconds} s of small messages`);
    await generate({ ...mix, seconds }, 'zstd', path);
    const held = await hold(path, 100_000);
    const rows: Row[] = [];
    for (const { perTopic, atLeast } of documents) {
      const rules = rulesOf(perTopic);
      const perSecond = evaluated(held, rules) / held.logSeconds;
      const engine: number[] = [];
      for (let run = 0; run < runs; run += 1) {
        const started = performance.now();
        const evaluations = evaluated(held, rules);
        if (run >= warmUp) engine.push((evaluations / (performance.now() - started)) * 1e3);
      }
      const thread: number[] = [];
      for (let run = 0; run < threadRuns; run += 1) {
        progress(`evaluate: ${perTopic} rules a topic, the data thread, run ${run + 1}`);
        thread.push(perSecond * (await logSecondsPerSecond({ folder, path, rules })));
      }
      const set = `${perTopic * signals.length + 1} rules on five topics`;
      rows.push(
        rateRow(`${set}, the agent's data thread, file to verdict`, median(thread), atLeast),
      );
      rows.push(rateRow(`${set}, the engine alone, blocks in memory`, median(engine), undefined));
    }
    return rows;
  } finally {
    await rm(folder, { recursive: true });
  }
};

interface Held {
  readonly channels: readonly Channel[];
  readonly blocks: readonly MessageBlock[];
  readonly logSeconds: number;
}

/** The first messages of the recording. */
async function hold(path: string, most: number): Promise<Held> {
  const channels: Channel[] = [];
  const blocks: MessageBlock[] = [];
  let count = 0;
  await using file = await openFile(path);
  for await (const item of readRecording(file)) {
    if (item.kind === 'channel') channels.push(item.channel);
    if (item.kind !== 'block') continue;
    blocks.push(item.block);
    count += item.block.count;
    if (count >= most) break;
  }
  const spanNs = (blocks.at(-1)?.lastNs ?? 0n) - (blocks[0]?.firstNs ?? 0n);
  return { channels, blocks, logSeconds: Number(spanNs) / 1e9 };
}

function evaluated({ channels, blocks }: Held, rules: string): number {
  const { ruleSet } = parseRuleSet(rules, 'bench.yaml');
  if (ruleSet === undefined) throw new TypeError('the rules of the bench do not parse');
  const engine = openEngine(ruleSet, { device: 'bench' });
  for (const channel of channels) engine.channel(0, channel);
  for (const block of blocks) engine.block(0, block);
  engine.flush();
  return engine.counters().evaluations;
}

/** How fast log time passes in the data thread, between its first and its last verdict. */
async function logSecondsPerSecond({
  folder,
  path,
  rules,
}: {
  readonly folder: string;
  readonly path: string;
  readonly rules: string;
}): Promise<number> {
  const heard: { readonly atNs: bigint; readonly ms: number }[] = [];
  // Modes flip each 40 s of log time.
  const verdicts = Math.floor((seconds - 1) / 40);
  await using _observed = observeVerdicts({
    folder: join(folder, 'state'),
    source: { file: path, speed: 'max' },
    rules,
    onVerdict: ({ atNs }) => heard.push({ atNs, ms: performance.now() }),
  });
  while (heard.length < verdicts) await sleep(5);
  const [first, last] = [heard[0], heard.at(-1)];
  if (first === undefined || last === undefined) return Number.NaN;
  return Number(last.atNs - first.atNs) / 1e6 / (last.ms - first.ms);
}

function rateRow(figure: string, value: number, atLeast: number | undefined): Row {
  const ratio = value / barPerSecond;
  return row({
    figure: `evaluations, ${figure}`,
    unit: '1/s',
    value,
    rival: barPerSecond,
    ratio,
    atLeast,
  });
}
