/** Starts the processes of a demo in order, and stops them in the opposite one. */
import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Fault } from '@fieldloop/core';
import {
  type AgentProcess,
  type CloudApi,
  cloudApi,
  type CloudProcess,
  type Running,
  resumeAgent,
  startAgent,
  startCloud,
  startProgram,
} from '@fieldloop/e2e';
import { modelFolder } from '@fieldloop/sim';
import type { DemoOptions } from './options.ts';

export interface Site extends AsyncDisposable {
  readonly folder: string;
  readonly cloud: CloudProcess;
  readonly api: CloudApi;
  readonly agents: readonly AgentProcess[];
  /** Resolves with the first process that ended by itself. */
  readonly firstEnd: Promise<Running>;
  /** Every agent ends and starts again: what robots record from then on is a new session. */
  readonly restartAgents: () => Promise<void>;
}

export interface SitePlan {
  readonly root: string;
  readonly folder: string;
  readonly options: DemoOptions;
  /** The rules document, as YAML or JSON text. */
  readonly rules: string;
  /** How long robots watch a model that came from the cloud, such as `5s`. */
  readonly soak?: string;
  /** Tells a person that a step is done, with its time. */
  readonly step: <T>(name: string, work: () => Promise<T>) => Promise<T>;
}

const robots = 3;
const graceMs = 10_000;

/** Fault `conflict` when another demo of this clone runs; `unavailable` when a process fails. */
export async function openSite(plan: SitePlan): Promise<Site> {
  const { root, folder, step } = plan;
  await claimFolder(folder);
  const processes: Running[] = [];
  const replaced = new Set<Running>();
  const ended = Promise.withResolvers<Running>();
  const keep = (running: Running): void => {
    processes.push(running);
    void running.exited.then(() => {
      if (!replaced.has(running)) ended.resolve(running);
    });
    appendFileSync(join(folder, 'pids'), `${running.pid}\n`);
  };
  const stop = async (): Promise<void> => {
    // Agents first, so that what they hold still finds a cloud; the cloud last.
    const [cloud, ...others] = processes;
    await Promise.all(others.map((one) => one.stop(graceMs)));
    await cloud?.stop(graceMs);
    await rm(join(folder, 'pids'), { force: true });
  };
  try {
    const cloud = await step('cloud: API, broker, enrolment', () => startCloud(root, folder));
    keep(cloud.running);
    const api = cloudApi(cloud);
    await writeProfile(root, cloud);
    const sources = await step('robots', () => openSources(plan, keep));
    const rules = join(folder, 'rules.yaml');
    await writeFile(rules, plan.rules);
    const agents = await step(`${sources.length} agents`, async () => {
      const started: AgentProcess[] = [];
      for (const { name, source, models } of sources) {
        const claimToken = await api.createClaimToken(name);
        const agent = await startAgent(root, folder, {
          name,
          claimToken,
          source,
          rules,
          models,
          ...(plan.soak === undefined ? {} : { soak: plan.soak }),
        });
        keep(agent.running);
        started.push(agent);
      }
      return started;
    });
    const restartAgents = async (): Promise<void> => {
      await Promise.all(
        agents.map(async ({ name, running }, i) => {
          replaced.add(running);
          await running.stop(graceMs);
          const agent = resumeAgent(root, folder, name);
          keep(agent.running);
          agents[i] = agent;
        }),
      );
    };
    return {
      folder,
      cloud,
      api,
      agents,
      firstEnd: ended.promise,
      restartAgents,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface RobotSource {
  readonly name: string;
  readonly source: Readonly<Record<string, string | number>>;
  readonly models: readonly { readonly id: string; readonly path: string }[];
}

async function openSources(
  plan: SitePlan,
  keep: (running: Running) => void,
): Promise<RobotSource[]> {
  const { root, folder, options } = plan;
  if (options.recording !== undefined) {
    return [{ name: 'robot-01', source: { file: options.recording, speed: 'max' }, models: [] }];
  }
  const args = ['--robots', String(robots), '--seed', String(options.seed), '--wait'];
  const sim = startProgram({
    name: 'simulator',
    args: [join(root, 'sim/main.ts'), ...args, '--truth', join(folder, 'truth.ndjson')],
    cwd: root,
    logFile: join(folder, 'sim.log'),
  });
  keep(sim);
  const ready = JSON.parse(await sim.ready) as { robots: { name: string; url: string }[] };
  return ready.robots.map(({ name, url }) => ({
    name,
    source: { sim: url },
    models: [{ id: 'classifier', path: modelFolder }],
  }));
}

/**
 * The folder of the previous demo is cleared; one that is in use is not. Processes that outlived a
 * demo which was killed are stopped first: they are known by number and by this folder.
 */
export async function claimFolder(folder: string): Promise<void> {
  const note = join(folder, 'pids');
  const [demo, ...others] = existsSync(note)
    ? readFileSync(note, 'utf8').trim().split('\n').map(Number)
    : [];
  if (demo !== undefined && isOurs(demo, 'demo.ts')) {
    throw new Fault('conflict', 'another demo of this clone is running', {
      place: note,
      remedy: 'Stop it with Ctrl-C in its terminal, or use a second clone.',
    });
  }
  const orphans = others.filter((pid) => isOurs(pid, folder));
  for (const pid of orphans) process.kill(pid, 'SIGTERM');
  while (orphans.some((pid) => isOurs(pid, folder))) await delay(100);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await writeFile(note, `${process.pid}\n`);
}

/** True when this process lives and its command line holds `mark`: numbers are used again. */
function isOurs(pid: number, mark: string): boolean {
  const { status, stdout } = spawnSync('ps', ['-o', 'args=', '-p', String(pid)], {
    encoding: 'utf8',
  });
  return status === 0 && stdout.includes(mark);
}

/** What lets `npx fieldloop …` in this clone find the demo's cloud without flags. */
export async function writeProfile(root: string, cloud: CloudProcess): Promise<void> {
  await mkdir(join(root, '.fieldloop'), { recursive: true });
  const profile = { url: cloud.urls.http, key: cloud.key };
  await writeFile(join(root, '.fieldloop', 'cli.json'), `${JSON.stringify(profile)}\n`, {
    mode: 0o600,
  });
}
