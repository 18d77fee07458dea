/** A robot's agent whose machine tests make go wrong: its own process, asked by its local socket. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type AgentStatus, askAgent, readStatus, statusSocketPath } from '@fieldloop/agent';
import { systemClock } from '@fieldloop/core/system';
import { type Channel, openClipWriter } from '@fieldloop/recording';
import { createFile } from '@fieldloop/recording/file';
import { agentProgram } from './agent-program.ts';
import { type Running, startProgram } from './process.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const program = await agentProgram();

/** A wait that comes to nothing ends before its test does, so that the agent is ended, too. */
const patienceMs = 45_000;

export const faultRules = `apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: faults, version: 1}
signals: {vx: {topic: /odom, path: vx, type: double}}
rules:
- {id: fast, when: vx > 1.0, capture: {topics: ["*"], pre: 1s, post: 1s}}
`;

/** True when the program of the machine did what it was asked. */
export const did = (name: string, ...args: readonly string[]): boolean =>
  spawnSync(name, args, { stdio: 'ignore' }).status === 0;

/** Ten messages a second, each a kilobyte that does not compress to nothing. */
export async function writeDrive(path: string, seconds = 300): Promise<void> {
  await using file = await createFile(path);
  const writer = await openClipWriter(file, { profile: '', library: 'test' });
  const channel: Channel = {
    id: 1,
    topic: '/odom',
    messageEncoding: 'json',
    metadata: new Map(),
    latched: false,
  };
  await writer.channel(channel);
  const startNs = 1_700_000_000_000_000_000n;
  for (let i = 0; i < seconds * 10; i += 1) {
    const atNs = startNs + BigInt(i) * 100_000_000n;
    const text = Array.from({ length: 60 }, (_, k) => Math.sin(i * 60 + k)).join();
    const data = Buffer.from(JSON.stringify({ vx: 0, text }));
    await writer.message(1, { sequence: i, logTimeNs: atNs, publishTimeNs: atNs, data });
  }
  await writer.finish();
}

export interface Robot extends AsyncDisposable {
  readonly running: Running;
  readonly configFile: string;
  readonly socketPath: string;
  status(): Promise<AgentStatus>;
  until(is: (status: AgentStatus) => boolean): Promise<AgentStatus>;
  /** The clip as JSON, or `none:` and why. */
  clipNow(): Promise<string>;
  /** What one command of the local program prints, on both ways. */
  say(...args: readonly string[]): string;
}

export interface Wish {
  /** Holds the drive and one folder for each robot. */
  readonly folder: string;
  readonly name: string;
  /** `buffer.path`. */
  readonly state: string;
  /** Arguments of Node before the agent's. */
  readonly wrap?: readonly string[];
  readonly rules?: string;
  /** Arguments of `run`. */
  readonly more?: readonly string[];
  /** Keys of agent.yaml instead of the usual ones. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
}

/** Writes `agent.yaml` and the rules of a robot; gives the first one's path. */
export function writeRobot({ folder, name, state, ...wish }: Wish): string {
  const home = join(folder, name);
  mkdirSync(home, { recursive: true });
  const config = {
    device: { name: 'amr-017' },
    sources: [{ name: 'main', file: join(folder, 'drive.mcap'), speed: 1 }],
    rules: 'rules.yaml',
    buffer: { path: state, quota: '100MiB', headroom: '256KiB' },
    ...wish.config,
  };
  const configFile = join(home, 'agent.yaml');
  writeFileSync(configFile, JSON.stringify(config));
  writeFileSync(join(home, 'rules.yaml'), wish.rules ?? faultRules);
  return configFile;
}

export function startRobot(wish: Wish): Robot {
  const { folder, name, state, wrap = [], more = [], env = {} } = wish;
  const configFile = writeRobot(wish);
  const args = [...wrap, program, 'run', '--config', configFile, ...more];
  const logFile = join(folder, name, 'agent.log');
  const running = startProgram({ name, args, cwd: root, logFile, env });
  running.ready.catch(() => undefined);
  const socketPath = statusSocketPath(state);
  const until: Robot['until'] = async (is) => {
    const endMs = systemClock.monotonicMs() + patienceMs;
    for (;;) {
      const status = await readStatus(socketPath).catch(() => undefined);
      if (status !== undefined && is(status)) return status;
      if (!running.isRunning()) throw new Error(`the agent ended: ${running.tail()}`);
      if (systemClock.monotonicMs() > endMs)
        throw new Error(`not in time: ${JSON.stringify(status)}`);
      await systemClock.sleep(50);
    }
  };
  return {
    running,
    configFile,
    socketPath,
    until,
    status: () => until(() => true),
    clipNow: async () => {
      const about = { preS: 1, postS: 0.5, reason: 'a fault', severity: 'critical' };
      try {
        return JSON.stringify(await askAgent(socketPath, { ask: 'clip_now', ...about }, 30_000));
      } catch (error) {
        return `none: ${(error as Error).message}`;
      }
    },
    say(...words) {
      const given = [program, ...words, '--config', configFile];
      const { stdout, stderr } = spawnSync(process.execPath, given, {
        encoding: 'utf8',
        env: { ...process.env, ...env },
      });
      return `${stdout}${stderr}`;
    },
    [Symbol.asyncDispose]: () => running.stop(15_000),
  };
}
