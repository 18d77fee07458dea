/**
 * An agent of its own process at work for an hour: what it keeps of memory shows as a slope of its
 * RSS after the warm-up. Clips are cut all the time, the buffer is full early and lets go.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { readStatus, statusSocketPath } from '@fieldloop/agent';
import { startProgram } from '@fieldloop/e2e';
import { type Channel, openClipWriter } from '@fieldloop/recording';
import { createFile } from '@fieldloop/recording/file';

const root = fileURLToPath(new URL('../..', import.meta.url));
const sampleMs = 10_000;
/** Share of the time that is not looked at. */
const warmUp = 0.25;
const mostMiBAnHour = 1;

const rules = `apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: soak, version: 1}
signals: {vx: {topic: /odom, path: vx, type: double}}
rules:
- {id: fast, severity: warning, when: vx > 1.9, capture: {topics: ["*"], pre: 5s, post: 2s}, limits: {cooldown: 10s}}
- {id: often, every: {period: 15s}, class: baseline, capture: {topics: ["*"], pre: 2s, post: 2s}}
`;

interface Sample {
  readonly minutes: number;
  readonly rssMiB: number;
}

/** Exit code 1 when the slope is over its bar. */
export async function soakAgent({ minutes }: { readonly minutes: number }): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'soak-'));
  const state = join(folder, 'state');
  try {
    await writeDrive(join(folder, 'drive.mcap'), minutes * 60 + 60);
    await writeFile(join(folder, 'rules.yaml'), rules);
    const config = {
      device: { name: 'soak' },
      sources: [{ name: 'main', file: 'drive.mcap', speed: 1 }],
      rules: 'rules.yaml',
      window: { seconds: 20, memory: '16MiB' },
      buffer: { path: state, quota: '32MiB', headroom: '64MiB' },
      log: { level: 'error' },
    };
    await writeFile(join(folder, 'agent.yaml'), JSON.stringify(config));
    const agent = startProgram({
      name: 'soak',
      args: [join(root, 'agent/bin/fieldloop-agent.mjs'), 'run', '-c', join(folder, 'agent.yaml')],
      cwd: root,
      logFile: join(folder, 'agent.log'),
    });
    agent.ready.catch(() => undefined);
    try {
      return await watch(agent, { minutes, state });
    } finally {
      await agent.stop(15_000);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function watch(
  agent: ReturnType<typeof startProgram>,
  { minutes, state }: { readonly minutes: number; readonly state: string },
): Promise<number> {
  const beganMs = performance.now();
  const samples: Sample[] = [];
  for (;;) {
    await delay(sampleMs);
    const passed = (performance.now() - beganMs) / 60_000;
    if (!agent.isRunning()) {
      process.stdout.write(`the agent ended after ${passed.toFixed(1)} min: ${agent.tail()}\n`);
      return 1;
    }
    const text = await readFile(`/proc/${agent.pid}/status`, 'utf8');
    const rssMiB = Number(/VmRSS:\s+(\d+) kB/.exec(text)?.[1]) / 1_024;
    samples.push({ minutes: passed, rssMiB });
    if (samples.length % 6 === 0) {
      const { clips, source } = await readStatus(statusSocketPath(state));
      process.stdout.write(
        `${passed.toFixed(1)} min: RSS ${rssMiB.toFixed(1)} MiB, ${source.messages} messages, ` +
          `${clips.cut} clips cut, ${clips.evicted} evicted\n`,
      );
    }
    if (passed >= minutes) break;
  }
  return judge(samples, minutes);
}

function judge(samples: readonly Sample[], minutes: number): number {
  const late = samples.filter((sample) => sample.minutes >= minutes * warmUp);
  const slope = slopeOf(late) * 60;
  const [least, most] = [late, late].map((all, i) =>
    Math[i === 0 ? 'min' : 'max'](...all.map(({ rssMiB }) => rssMiB)),
  );
  process.stdout.write(
    `RSS ${slope.toFixed(2)} MiB an hour (at most ${mostMiBAnHour}) over ${late.length} samples ` +
      `after ${(minutes * warmUp).toFixed(1)} min, from ${least?.toFixed(1)} to ${most?.toFixed(1)} MiB\n`,
  );
  return slope <= mostMiBAnHour ? 0 : 1;
}

/** Least squares, MiB a minute. */
function slopeOf(samples: readonly Sample[]): number {
  const n = samples.length;
  const mean = (of: (sample: Sample) => number): number =>
    samples.reduce((sum, sample) => sum + of(sample), 0) / Math.max(1, n);
  const [x, y] = [mean(({ minutes }) => minutes), mean(({ rssMiB }) => rssMiB)];
  let up = 0;
  let across = 0;
  for (const { minutes, rssMiB } of samples) {
    up += (minutes - x) * (rssMiB - y);
    across += (minutes - x) ** 2;
  }
  return across === 0 ? 0 : up / across;
}

/** A hundred messages a second, half a kilobyte each. */
async function writeDrive(path: string, seconds: number): Promise<void> {
  await using file = await createFile(path);
  const writer = await openClipWriter(file, { profile: '', library: 'soak' });
  const channel: Channel = {
    id: 1,
    topic: '/odom',
    messageEncoding: 'json',
    metadata: new Map(),
    latched: false,
  };
  await writer.channel(channel);
  const startNs = 1_700_000_000_000_000_000n;
  for (let i = 0; i < seconds * 100; i += 1) {
    const atNs = startNs + BigInt(i) * 10_000_000n;
    const noise = Array.from({ length: 25 }, (_, k) => Math.sin(i * 25 + k)).join();
    const data = Buffer.from(JSON.stringify({ vx: 2 * Math.sin(i / 1_000), noise }));
    await writer.message(1, { sequence: i, logTimeNs: atNs, publishTimeNs: atNs, data });
  }
  await writer.finish();
}
