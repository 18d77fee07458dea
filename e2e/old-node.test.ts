/**
 * Goal: with Node 20 first on the PATH, the launchers hand over to the Node of the clone, and the
 * programs behind them work whole, their threads included.
 * Method: an older Node that the machine has starts the cloud, an agent and a command.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { recordRobot } from '@fieldloop/sim';
import { createFile } from '@fieldloop/recording/file';
import { expect, test } from 'vitest';
import { cloudApi } from './cloud-process.ts';
import { root } from './scene.ts';
import { busyRules } from './rules.ts';
import { until } from './wait.ts';

/** A Node between 18 and 23 on the PATH, the first one. */
function oldNode(): string | undefined {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, 'node');
    if (!existsSync(path)) continue;
    const major = Number(
      /^v(\d+)/.exec(execFileSync(path, ['--version'], { encoding: 'utf8' }))?.[1],
    );
    if (major >= 18 && major < 24) return path;
  }
  return undefined;
}

const node = oldNode();
const hasToolchain = existsSync(join(root, '.toolchain', 'node_modules'));
const title = 'cloud, agent and command work behind an older Node';

test.skipIf(node === undefined || !hasToolchain)(
  `${title} (skipped where the machine has no Node 18 to 23, or the clone no .toolchain)`,
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'old-'));
    const started: ChildProcess[] = [];
    const start = (bin: string, ...args: string[]) => {
      const child = spawn(node ?? '', [join(root, bin), ...args], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      started.push(child);
      return child;
    };
    const free = ['--http', '127.0.0.1:0', '--broker', '127.0.0.1:0', '--enrol', '127.0.0.1:0'];
    const cloud = start(
      'cli/bin/fieldloop.mjs',
      'cloud',
      'run',
      '--data',
      join(folder, 'c'),
      ...free,
    );
    try {
      const errors: Buffer[] = [];
      cloud.stderr.on('data', (part: Buffer) => errors.push(part));
      const first = await new Promise<Buffer>((resolve, reject) => {
        cloud.stdout.once('data', resolve);
        cloud.once('exit', () => reject(new Error(Buffer.concat(errors).toString())));
      });
      const urls = JSON.parse(first.toString()) as { http: string; broker: string; enrol: string };
      const key = readFileSync(join(folder, 'c', 'admin.key'), 'utf8').trim();
      const api = cloudApi({ urls, key });
      const recording = join(folder, 'a.mcap');
      await using out = await createFile(recording);
      await recordRobot({ seed: 1, robots: 1, robot: 'amr-01', seconds: 6, out });
      writeFileSync(join(folder, 'rules.yaml'), busyRules);
      const config = {
        device: { name: 'amr-old' },
        cloud: { claimToken: await api.createClaimToken('amr-old') },
        sources: [{ name: 'main', file: recording, speed: 'max' }],
        rules: join(folder, 'rules.yaml'),
        buffer: { path: join(folder, 'state'), headroom: '0B' },
      };
      writeFileSync(join(folder, 'agent.yaml'), JSON.stringify(config));
      const agent = start('agent/bin/fieldloop-agent.mjs', 'run', '-c', join(folder, 'agent.yaml'));
      await until('a clip', async () => (await api.clips('state=stored')).length > 0);
      const command = [join(root, 'cli/bin/fieldloop.mjs'), 'clips', 'list', '--json'];
      const at = ['--url', urls.http, '--key', key];
      const listed = execFileSync(node ?? '', [...command, ...at], { encoding: 'utf8' });
      const { items } = JSON.parse(listed) as { items: { device: string }[] };
      expect(new Set(items.map(({ device }) => device))).toEqual(new Set(['amr-old']));
      const ended = new Promise((resolve) => agent.once('exit', resolve));
      agent.kill('SIGTERM');
      expect(await ended).toBe(0);
    } finally {
      for (const child of started.toReversed()) {
        if (child.exitCode !== null) continue;
        const ended = new Promise((resolve) => child.once('exit', resolve));
        child.kill('SIGTERM');
        await ended;
      }
      rmSync(folder, { recursive: true });
    }
  },
  60_000,
);
