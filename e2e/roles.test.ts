/**
 * Goal: api, ingest and worker in processes of their own are one cloud, and one that dies is
 * replaced.
 * Method: four real processes on one PostgreSQL that start at once, a real robot, a worker and an
 * ingest that are killed.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { emptyPostgres, noPostgres } from '@fieldloop/cloud/postgres';
import { createFile } from '@fieldloop/recording/file';
import { recordRobot } from '@fieldloop/sim';
import { expect, test } from 'vitest';
import { startAgent } from './agent-process.ts';
import { agentProgram } from './agent-program.ts';
import { cloudApi } from './cloud-process.ts';
import { type Running, startProgram } from './process.ts';
import { root } from './scene.ts';
import { until } from './wait.ts';

const rules = `apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: roles, version: 1}
signals:
  vx: {topic: /odom, path: twist.twist.linear.x, type: double, unit: m/s}
rules:
- id: moving
  severity: critical
  when: vx > 0.3
  limits: {cooldown: 5s}
  capture: {topics: ["/odom"], pre: 1s, post: 1s}
`;

interface Ready {
  readonly http: string;
  readonly broker?: string;
  readonly enrol?: string;
}

class Cloud implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'fl-roles-'));
  readonly running: Running[] = [];
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  start(name: string, role: string, listen: readonly string[] = []): Running {
    const data = join(this.folder, 'cloud');
    const running = startProgram({
      name,
      args: [
        join(root, 'cli/bin/fieldloop.mjs'),
        'cloud',
        'run',
        '--data',
        data,
        '--role',
        role,
        '--node',
        name,
        '--http',
        '127.0.0.1:0',
        ...listen,
      ],
      cwd: root,
      logFile: join(this.folder, `${name}.log`),
      env: { FIELDLOOP_DATABASE_URL: this.#url },
    });
    this.running.push(running);
    return running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.running.toReversed().map((running) => running.stop(10_000)));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const ready = async (running: Running): Promise<Ready> => JSON.parse(await running.ready) as Ready;

test.skipIf(noPostgres !== undefined)(
  'processes of each role are one cloud',
  { timeout: 120_000 },
  async () => {
    await using cloud = new Cloud(await emptyPostgres());
    const anyPorts = ['--broker', '127.0.0.1:0', '--enrol', '127.0.0.1:0'];
    const ingest = cloud.start('ingest-1', 'ingest', anyPorts);
    const worker = cloud.start('worker-1', 'worker');
    cloud.start('worker-2', 'worker');
    const line = await ready(ingest);
    const at = (url = ''): string => new URL(url).host;
    const samePorts = ['--broker', at(line.broker), '--enrol', at(line.enrol)];
    const api = await ready(cloud.start('api-1', 'api', ['--enrol', at(line.enrol)]));
    expect(api).not.toHaveProperty('broker');

    const key = readFileSync(join(cloud.folder, 'cloud/admin.key'), 'utf8').trim();
    const authorization = `Bearer ${key}`;
    const urls = { http: api.http, broker: line.broker ?? '', enrol: line.enrol ?? '' };
    const calls = cloudApi({ urls, key });
    const stream = await fetch(`${api.http}/v1/stream?topics=clips`, {
      headers: { authorization },
    });
    const recording = join(cloud.folder, 'drive.mcap');
    {
      await using out = await createFile(recording);
      await recordRobot({ seed: 7, robots: 1, robot: 'amr-01', seconds: 20, out });
    }
    writeFileSync(join(cloud.folder, 'rules.yaml'), rules);
    const claimToken = await calls.createClaimToken('amr-01');
    const agent = await startAgent(root, cloud.folder, {
      name: 'amr-01',
      source: { file: recording, speed: 10 },
      rules: join(cloud.folder, 'rules.yaml'),
      claimToken,
      program: await agentProgram(),
    });
    cloud.running.push(agent.running);

    // What ingest commits is listed and streamed by the api.
    const clips = await until('a clip is stored', async () => {
      const stored = await calls.clips('state=stored');
      return stored.length > 0 ? stored : undefined;
    });
    expect((await calls.data(clips[0]?.id ?? '')).length).toBe(clips[0]?.sizeBytes);
    const heard = new TextDecoder();
    let text = '';
    for await (const part of stream.body ?? []) {
      text += heard.decode(part, { stream: true });
      if (text.includes('event: clip.stored')) break;
    }

    // One worker works; when it is killed the other one takes over.
    const holder = await until('a worker works', async () => {
      const names = ['worker-1', 'worker-2'].filter((name) =>
        readFileSync(join(cloud.folder, `${name}.log`), 'utf8').includes('lease taken'),
      );
      return await Promise.resolve(names.length > 0 ? names : undefined);
    });
    expect(holder).toHaveLength(1);
    const [first = ''] = holder;
    const other = first === 'worker-1' ? 'worker-2' : 'worker-1';
    await (first === 'worker-1' ? worker : cloud.running[2])?.kill();

    // A killed ingest comes back where its robots look for it, and presence is right again.
    await ingest.kill();
    await ready(cloud.start('ingest-1', 'ingest', samePorts));
    const online = async (): Promise<boolean> =>
      (await calls.devices()).some(({ name, presence }) => name === 'amr-01' && presence.online);
    await until('the robot is back', async () => ((await online()) ? true : undefined));

    // What people do at the api reaches the robot's connection in the other process.
    await calls.revoke('amr-01');
    await until('the robot is put out', async () => ((await online()) ? undefined : true));
    const taken = (): boolean =>
      readFileSync(join(cloud.folder, `${other}.log`), 'utf8').includes('lease taken');
    await until(
      'the other worker works',
      async () => await Promise.resolve(taken() ? true : undefined),
    );
    for (const running of cloud.running.filter((one) => one.isRunning() && isCloud(one))) {
      const metrics = await fetchMetrics(running, authorization);
      expect(metrics).toContain('nodejs_eventloop_lag_seconds');
    }
  },
);

/** And not the robot's agent. */
const isCloud = ({ name }: Running): boolean => !/^(?:agent|amr)/.test(name);

async function fetchMetrics(running: Running, authorization: string): Promise<string> {
  const { http } = await ready(running);
  const response = await fetch(`${http}/metrics`, { headers: { authorization } });
  expect(response.status).toBe(200);
  return await response.text();
}
