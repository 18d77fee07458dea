/**
 * Two agents at work on a folder that is being recorded: one without a model, one with a model of
 * MobileNet's size. Their memory has to stay within its bounds, and flat.
 */
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { arch, cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { readStatus, statusSocketPath } from '@fieldloop/agent';
import { buildAgent, type Running, startProgram, writeMobileNet } from '@fieldloop/e2e';
import { createFile } from '@fieldloop/recording/file';
import { recordRobot } from '@fieldloop/sim';
import { recordForever } from './recorder.ts';

export interface AgentSoakOptions {
  readonly minutes: number;
  readonly root: string;
  readonly seed: string;
  readonly onLine: (text: string) => void;
}

const mib = 2 ** 20;
const topic = '/camera/front/compressed';
const sampleEveryMs = 1_000;
/** Shorter runs are still warming up: their slope says nothing. */
const slopeFromMinutes = 40;
/** Share of a run that is warm-up. */
const warmUp = 1 / 3;
const mostSlope = 1;

interface Candidate {
  readonly name: string;
  readonly withModel: boolean;
  readonly mostMib: number;
}

const candidates: readonly Candidate[] = [
  { name: 'plain', withModel: false, mostMib: 120 },
  { name: 'mobilenet', withModel: true, mostMib: 300 },
];

/** 0 when every bound held, else 1. */
export async function soakAgent(options: AgentSoakOptions): Promise<number> {
  const { minutes, onLine, root } = options;
  const folder = await mkdtemp(join(tmpdir(), 'soak-agent-'));
  const stopping = new AbortController();
  const interrupt = (): void => stopping.abort();
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  const bags = join(folder, 'bags');
  await mkdir(bags);
  const path = join(folder, 'drive.mcap');
  {
    await using out = await createFile(path);
    await recordRobot({ seed: options.seed, robots: 3, robot: 'amr-01', seconds: 120, out });
  }
  const model = join(folder, 'model');
  await writeMobileNet({ folder: model, topic });
  const recorder = { folder: bags, drive: path, splitBytes: 16 * mib, maxSplits: 3 };
  const recording = recordForever({ ...recorder, signal: stopping.signal });
  const watched: Watched[] = [];
  try {
    const { entry } = await buildAgent(root, join(folder, 'bundle'));
    for (const one of candidates) watched.push(await begin(one, { folder, bags, model, entry }));
    const load = loadavg()[0]?.toFixed(1);
    onLine(`${cpus()[0]?.model ?? 'unknown'} (${arch()}), ${cpus().length} cores, load ${load}`);
    await watch(watched, { minutes, onLine, signal: stopping.signal });
  } finally {
    stopping.abort();
    await recording;
    for (const { running } of watched) await running.stop(20_000);
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
  }
  const verdicts = watched.map((one) => verdictOf(one));
  for (const { text } of verdicts) onLine(text);
  await rm(folder, { recursive: true });
  return verdicts.every(({ holds }) => holds) ? 0 : 1;
}

interface Watched extends Candidate {
  readonly running: Running;
  readonly state: string;
  readonly samples: { readonly minute: number; readonly mib: number }[];
}

async function begin(
  one: Candidate,
  at: {
    readonly folder: string;
    readonly bags: string;
    readonly model: string;
    readonly entry: string;
  },
): Promise<Watched> {
  const home = join(at.folder, one.name);
  await mkdir(home);
  const state = join(home, 'state');
  const rules = join(home, 'rules.yaml');
  await writeFile(rules, rulesText(one.withModel));
  const configFile = join(home, 'agent.yaml');
  const config = {
    device: { name: one.name },
    sources: [{ name: 'main', folder: at.bags, glob: '*.mcap' }],
    models: one.withModel ? [{ id: 'mobilenet', path: at.model }] : [],
    rules,
    window: { seconds: 30, memory: '8MiB' },
    // Small enough that clips are given up for others all the time.
    buffer: { path: state, quota: '128MiB', headroom: '64MiB' },
    log: { level: 'info' },
  };
  await writeFile(configFile, JSON.stringify(config));
  const running = startProgram({
    name: one.name,
    args: [at.entry, 'run', '--config', configFile],
    cwd: home,
    logFile: join(home, 'agent.log'),
  });
  await running.ready;
  return { ...one, running, state, samples: [] };
}

const rulesText = (withModel: boolean): string => `apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: soak, version: 1}
signals:
  vx: {topic: /odom, path: twist.twist.linear.x, type: double, unit: m/s}
  range: {topic: /scan, path: "ranges[]", type: double, unit: m, reduce: {fn: min, valid: [0.05, 30.0]}}
${withModel ? `models:\n  net: {ref: mobilenet, input: {topic: ${topic}}, every: 200ms, deadline: 150ms}\n` : ''}rules:
- id: near
  severity: warning
  when: vx > 0.3 && ttc(range, vx) < 2.5
  clearWhen: ttc(range, vx) > 4.0
  capture: {topics: ["*"], pre: 10s, post: 5s}
- id: slow
  severity: info
  when: max(vx, "5s") < 0.2
  limits: {cooldown: 60s}
  capture: {topics: [/odom, /scan], pre: 5s, post: 5s}
- id: baseline
  severity: info
  class: baseline
  every: {period: 60s}
  capture: {topics: ["*"], pre: 0s, post: 10s}
${withModel ? `- id: doubt\n  severity: info\n  when: avg(net.entropy, "5s") > 2.0\n  capture: {topics: ["*"]}\n` : ''}`;

async function watch(
  watched: readonly Watched[],
  run: {
    readonly minutes: number;
    readonly onLine: (text: string) => void;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const begun = Date.now();
  let told = 0;
  for (;;) {
    await delay(sampleEveryMs, undefined, { signal: run.signal }).catch(() => undefined);
    const minute = (Date.now() - begun) / 60_000;
    for (const { running, samples } of watched) {
      if (!running.isRunning()) throw new Error(`${running.name} ended:\n${running.tail()}`);
      samples.push({ minute, mib: residentMib(running.pid) });
    }
    if (minute >= told + 1 || minute >= run.minutes || run.signal.aborted) {
      told = Math.floor(minute);
      const each = await Promise.all(watched.map(lineOf));
      run.onLine(`${minute.toFixed(1).padStart(5)} min  ${each.join('   ')}`);
    }
    if (minute >= run.minutes || run.signal.aborted) return;
  }
}

async function lineOf({ name, samples, state }: Watched): Promise<string> {
  const { clips, source, score } = await readStatus(statusSocketPath(state));
  const figures = [
    `${samples.at(-1)?.mib.toFixed(0)} MiB`,
    `${source.messages} messages`,
    `${clips.cut} clips`,
    `${clips.evicted ?? 0} evicted`,
    ...(score.count > 0 ? [`${score.count} scores`] : []),
  ];
  return `${name}: ${figures.join(', ')}`;
}

/**
 * Of that process alone: a child that asks for the clock's state lives for a blink, and has no
 * memory to tell of once it ended. The launcher became the agent (execve), so the id is the agent's.
 */
function residentMib(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  if (kib === undefined) throw new Error(`process ${pid} has ended: it has no resident memory`);
  return Number(kib) / 1_024;
}

function verdictOf({ name, samples, mostMib }: Watched): {
  readonly holds: boolean;
  readonly text: string;
} {
  const most = Math.max(...samples.map((sample) => sample.mib));
  const minutes = samples.at(-1)?.minute ?? 0;
  const warm = samples.filter(({ minute }) => minute >= minutes * warmUp);
  const slope = slopeOf(floorOf(warm)) * 60;
  const isJudged = minutes >= slopeFromMinutes;
  const holds = most <= mostMib && (!isJudged || slope < mostSlope);
  const flat = isJudged
    ? `slope ${slope.toFixed(2)} MiB/h after warm-up (bar ${mostSlope})`
    : `slope ${slope.toFixed(2)} MiB/h, not judged below ${slopeFromMinutes} minutes`;
  const text = `${name}: at most ${most.toFixed(0)} MiB (bar ${mostMib}), ${flat}: `;
  return { holds, text: text + (holds ? 'holds' : 'MISSED') };
}

/**
 * The least of each two minutes: what stays when garbage was collected. The saw teeth above it have
 * bounds of their own.
 */
function floorOf(samples: Watched['samples']): Watched['samples'] {
  const least = new Map<number, Watched['samples'][number]>();
  for (const sample of samples) {
    const span = Math.floor(sample.minute / 2);
    const before = least.get(span);
    if (before === undefined || sample.mib < before.mib) least.set(span, sample);
  }
  return [...least.values()];
}

/** Least squares, in MiB a minute. */
function slopeOf(samples: readonly { readonly minute: number; readonly mib: number }[]): number {
  const mean = (of: (one: (typeof samples)[number]) => number): number =>
    samples.reduce((sum, one) => sum + of(one), 0) / samples.length;
  const [x, y] = [mean(({ minute }) => minute), mean((one) => one.mib)];
  const spread = samples.reduce((sum, { minute }) => sum + (minute - x) ** 2, 0);
  return samples.reduce((sum, one) => sum + (one.minute - x) * (one.mib - y), 0) / spread;
}
