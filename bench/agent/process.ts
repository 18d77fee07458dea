/**
 * The agent as a robot has it: its own process, run from the bundle, beside a recorder that writes
 * into a folder, figures of the kernel. What a robot's mixed stream costs in memory and processor, what it costs to do nothing,
 * how long main is away from its loop, and how long a moment takes to be safe. Beside the gaps of
 * main stands how long the kernel let it wait for a core: on a machine with more to do than cores,
 * that wait is what the gaps are made of.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type AgentBuffer,
  type AgentStatus,
  askAgent,
  openBuffer,
  readStatus,
  statusSocketPath,
} from '@fieldloop/agent';
import { sha256Hex, silentLog, uuidText } from '@fieldloop/core';
import { systemClock, systemIds } from '@fieldloop/core/system';
import { buildAgent, type Running, startProgram, writeMobileNet } from '@fieldloop/e2e';
import { generate, type Mix, mixes } from '../generate.ts';
import { type Bench, type Row, row } from '../report.ts';
import { recordAgain, type Recorder } from './recorder.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const mebi = 2 ** 20;

/** Of page agent, section 11. */
const bars = {
  rssMiB: 120,
  rssModelMiB: 300,
  gapMs: 20,
  idleShare: 0.03,
  busyShare: 0.35,
  sealMs: 1_000,
  recoverMs: 5_000,
} as const;

const settleMs = 4_000;
/** A start ends with a collection of garbage; V8 sees to its heaps for some twenty seconds more. */
const startMs = 30_000;
const idleMs = 10_000;
const busyMs = 14_000;
const heldClips = 10_000;
/** Seconds of a clip after its moment. */
const postS = 2;

export const processPart: Bench = async (progress) => {
  const folder = await mkdtemp(join(tmpdir(), 'bench-'));
  try {
    const rows: Row[] = [];
    const { entry } = await buildAgent(root, join(folder, 'bundle'));
    const place = { folder, entry };
    progress('agent, idle');
    rows.push(...(await idle(place)));
    progress('agent at 10 MB/s, twenty seconds');
    rows.push(...(await busy(place, false)));
    progress('the same with a MobileNet-sized model');
    rows.push(...(await busy(place, true)));
    progress(`start on ${heldClips} clips`);
    rows.push(await recovery(folder));
    return rows;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

/** Where the bench works, and the file that Node runs. */
interface Place {
  readonly folder: string;
  readonly entry: string;
}

interface Robot extends AsyncDisposable {
  readonly running: Running;
  readonly state: string;
  status(): Promise<AgentStatus>;
}

async function startRobot(home: string, { entry }: Place, more: object): Promise<Robot> {
  await mkdir(join(home, 'bags'), { recursive: true });
  const state = join(home, 'state');
  const config = {
    device: { name: 'bench' },
    sources: [{ name: 'main', folder: 'bags' }],
    rules: 'rules.yaml',
    buffer: { path: state, quota: '4GiB', headroom: '64MiB' },
    window: { seconds: 10, memory: '64MiB' },
    log: { level: 'warn' },
    ...more,
  };
  const configFile = join(home, 'agent.yaml');
  await writeFile(configFile, JSON.stringify(config));
  const running = startProgram({
    name: 'bench',
    args: [entry, 'run', '--config', configFile],
    cwd: root,
    logFile: join(home, 'agent.log'),
  });
  running.ready.catch(() => undefined);
  const status = async (): Promise<AgentStatus> => {
    for (;;) {
      try {
        return await readStatus(statusSocketPath(state));
      } catch (error) {
        if (!running.isRunning()) throw error;
        await systemClock.sleep(20);
      }
    }
  };
  return {
    running,
    state,
    status,
    [Symbol.asyncDispose]: () => running.stop(15_000),
  };
}

const rulesText = (model: boolean): string => `apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: bench, version: 1}
signals:
  ax: {topic: /imu/data, path: linear_acceleration.x, type: double}
  vx: {topic: /odom, path: twist.twist.linear.x, type: double}
${model ? 'models: {net: {ref: net, input: {topic: CAMERA}, every: 500ms, deadline: 450ms}}\n' : ''}rules:
- {id: hard, when: "ax > 50.0 && vx > 50.0", capture: {topics: ["*"], pre: 1s, post: 1s}}
- {id: often, every: {period: 5s}, severity: warning, capture: {topics: ["*"], pre: 1s, post: ${postS}s}}
${model ? '- {id: unsure, when: net.entropy > 2.0, capture: {topics: [/odom], pre: 1s, post: 1s}}\n' : ''}`;

async function idle(place: Place): Promise<Row[]> {
  const home = join(place.folder, 'idle');
  await mkdir(home);
  await writeFile(join(home, 'rules.yaml'), rulesText(false));
  // The first start of a clone also fills the cache of its code; a robot has it.
  {
    await using warm = await startRobot(home, place, {});
    await warm.status();
    await systemClock.sleep(settleMs / 2);
  }
  await using robot = await startRobot(home, place, {});
  await robot.status();
  await systemClock.sleep(settleMs);
  const first = await cpuShare(robot.running.pid, startMs - settleMs);
  const share = await cpuShare(robot.running.pid, idleMs);
  const rss = await rssMiB(robot.running.pid);
  const sinceS = `${settleMs / 1_000} to ${startMs / 1_000} s after a start`;
  return [
    limitRow('RSS without a model, idle', 'MiB', rss, bars.rssMiB),
    limitRow(`processor, ${sinceS}`, 'of a core', first, undefined),
    limitRow('processor, idle', 'of a core', share, bars.idleShare),
  ];
}

async function busy(place: Place, hasModel: boolean): Promise<Row[]> {
  const home = join(place.folder, hasModel ? 'model' : 'busy');
  await mkdir(home);
  const { mix, camera } = mixed();
  const rules = rulesText(hasModel).replace('CAMERA', camera);
  await writeFile(join(home, 'rules.yaml'), rules);
  const made = await generate(mix, 'none', join(home, 'mixed.mcap'));
  const models = hasModel ? [{ id: 'net', path: 'net' }] : [];
  if (hasModel) await writeMobileNet({ folder: join(home, 'net'), topic: camera });
  await using robot = await startRobot(home, place, { models });
  await robot.status();
  await systemClock.sleep(settleMs);
  const recorder = await recordAgain(join(home, 'mixed.mcap'), join(home, 'bags', 'run_0.mcap'));
  await systemClock.sleep(1_000);
  const waited = await coreWaitMs(robot.running.pid);
  const share = await cpuShare(robot.running.pid, busyMs);
  const waitMs = (await coreWaitMs(robot.running.pid)) - waited;
  const rss = await rssMiB(robot.running.pid);
  const status = await robot.status();
  await recorder.ended;
  const late = await sealLateness(robot, recorder);
  const what = hasModel ? 'with a model' : 'without a model';
  const about = `${what}, ${(made.bytes / mix.seconds / 1e6).toFixed(1)} MB/s`;
  const scored = hasModel ? `, ${status.score.count} scored` : '';
  const most = hasModel ? bars.rssModelMiB : bars.rssMiB;
  return [
    limitRow(`RSS ${about}${scored}`, 'MiB', rss, most),
    limitRow(
      `gaps of main p99 ${what}, ${status.clips.cut} clips cut`,
      'ms',
      status.machine.gapP99Ms,
      bars.gapMs,
    ),
    limitRow(`main waited for a core ${what}`, 'ms/s', (waitMs / busyMs) * 1_000, undefined),
    limitRow(`processor ${about}`, 'of a core', share, hasModel ? undefined : bars.busyShare),
    limitRow(
      `sealed after its post-roll ${what}, latest of ${late.length}`,
      'ms',
      Math.max(...late),
      bars.sealMs,
    ),
  ];
}

/** How much later than the end of its range each clip was durable. */
async function sealLateness(
  robot: Robot,
  { beganMs, zeroNs }: Recorder,
): Promise<readonly number[]> {
  const request = { ask: 'clips', limit: 20 };
  const clips = (await askAgent(statusSocketPath(robot.state), request)) as unknown as readonly {
    readonly endNs: string;
    readonly sealedMs: number;
  }[];
  return clips.map(
    ({ endNs, sealedMs }) => sealedMs - beganMs - Number(BigInt(endNs) - zeroNs) / 1e6,
  );
}

/** Beside those of every bench a camera that gives pictures that are such. */
function mixed(): { readonly mix: Mix; readonly camera: string } {
  const found = mixes.find(({ name }) => name === 'mixed');
  const noise = found?.publishers.find(({ topic }) => topic.includes('camera'));
  if (found === undefined || noise === undefined) throw new TypeError('no mixed recording');
  const camera = '/camera/model/compressed';
  const own = {
    ...noise,
    topic: camera,
    message: (t: number) => ({ ...noise.message(t), format: 'jpeg', data: picture }),
  };
  return { mix: { ...found, publishers: [...found.publishers, own] }, camera };
}

async function recovery(folder: string): Promise<Row> {
  const dir = join(folder, 'held');
  const options = { dir, quotaBytes: 1e12, headroomBytes: 0, log: silentLog };
  const deps = { ...options, clock: systemClock, ids: systemIds };
  {
    await using buffer = await openBuffer(deps);
    for (let i = 0; i < heldClips; i += 1) await hold(buffer, i);
  }
  const beganMs = systemClock.monotonicMs();
  await using buffer = await openBuffer(deps);
  const ms = systemClock.monotonicMs() - beganMs;
  const { sealed } = buffer.counts().clips;
  return limitRow(`start with ${sealed} clips on the disk`, 'ms', ms, bars.recoverMs);
}

/** A clip of a few bytes: a start looks at names, sizes and rows. */
async function hold(buffer: AgentBuffer, i: number): Promise<void> {
  const clipId = uuidText(systemIds.uuid());
  const bytes = Buffer.from(`clip ${i}`);
  const partPath = buffer.partPath(clipId);
  await writeFile(partPath, bytes);
  const sha256 = sha256Hex(bytes);
  const known = { sha256, sizeBytes: bytes.length };
  const manifest: Parameters<AgentBuffer['seal']>[0]['manifest'] = {
    schema: 'fieldloop.clip/v1',
    clipId,
    sessionId: clipId,
    device: 'bench',
    source: 'bench',
    startNs: '1',
    endNs: '2',
    severity: 'info',
    class: 'info',
    tags: [],
    markers: [
      {
        rule: 'often',
        ruleSet: 'bench',
        version: 1,
        ruleSetDigest: sha256,
        severity: 'info',
        atNs: '1',
        expression: 'every 5s',
        values: {},
      },
    ],
    topics: [],
    messageCount: 0,
    scores: {},
    models: {},
    agentVersion: '0',
    preTruncated: false,
    ...known,
  };
  await buffer.seal({ clipId, partPath, ...known, manifest });
}

const limitRow = (figure: string, unit: string, value: number, limit: number | undefined): Row =>
  row({ figure, unit, value, rival: limit ?? 0, ratio: value, atMost: limit });

/** Of one core, over `ms`, by the kernel's own count. */
async function cpuShare(pid: number, ms: number): Promise<number> {
  const before = await cpuTicks(pid);
  const beganMs = systemClock.monotonicMs();
  await systemClock.sleep(ms);
  const seconds = (systemClock.monotonicMs() - beganMs) / 1_000;
  return ((await cpuTicks(pid)) - before) / ticksPerSecond / seconds;
}

const ticksPerSecond = 100;

async function cpuTicks(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

/** What the kernel let the first thread of a process wait while it could have run. */
async function coreWaitMs(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/task/${pid}/schedstat`, 'utf8');
  return Number(text.split(' ')[1]) / 1e6;
}

async function rssMiB(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8');
  return (Number(/VmRSS:\s+(\d+) kB/.exec(text)?.[1]) * 1_024) / mebi;
}

/** A blurred picture of 160 x 120. */
const picture = Buffer.from(
  '/9j/2wBDACgcHiMeGSgjISMtKygwPGRBPDc3PHtYXUlkkYCZlo+AjIqgtObDoKrarYqMyP/L2u71////m8H////6' +
    '/+b9//j/2wBDASstLTw1PHZBQXb4pYyl+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4' +
    '+Pj4+Pj4+Pj/wAARCAB4AKADASIAAhEBAxEB/8QAFgABAQEAAAAAAAAAAAAAAAAAAAED/8QAFBABAAAAAAAAAAAA' +
    'AAAAAAAAAP/EABQBAQAAAAAAAAAAAAAAAAAAAAD/xAAUEQEAAAAAAAAAAAAAAAAAAAAA/9oADAMBAAIRAxEAPwDA' +
    'AAAAABUAVAAVAAAAAAAAAAAAAAAAAAAAAAAAAAAAAFQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' +
    'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAVAAAAAAAAAAAAAAAAAAAAABUAAAAAAAAABQAQAUAEAB//Z',
  'base64',
);
