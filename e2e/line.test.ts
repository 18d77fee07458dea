/**
 * Goal: what an operator downloads is, byte for byte, what the robot cut, and stands alone.
 * Method: the agent cuts clips while the cloud is gone; they are copied, the cloud comes back, and
 * what its API then serves is compared with the copies and read by `@mcap/core`.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createFile } from '@fieldloop/recording/file';
import { recordRobot } from '@fieldloop/sim';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AgentProcess } from './agent-process.ts';
import type { ListedClip } from './cloud-process.ts';
import { openScene, type Scene } from './scene.ts';
import { readClip } from './verify.ts';
import { until } from './wait.ts';

const rules = `apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: line, version: 3}
signals:
  vx: {topic: /odom, path: twist.twist.linear.x, type: double, unit: m/s}
rules:
- id: moving
  why: The robot drives.
  severity: critical
  when: vx > 0.3
  limits: {cooldown: 5s}
  capture: {topics: ["/odom", "/scan", "/tf_static"], pre: 2s, post: 1s}
  tags: [e2e]
- id: baseline
  severity: info
  every: {period: 10s}
  capture: {topics: ["*"], pre: 1s, post: 1s}
`;

let scene: Scene;
let agent: AgentProcess;
let clips: ListedClip[];
let acknowledgedBefore = -1;
const copies = new Map<string, Uint8Array>();

beforeAll(async () => {
  scene = await openScene();
  const recording = join(scene.folder, 'drive.mcap');
  await using out = await createFile(recording);
  await recordRobot({ seed: 7, robots: 1, robot: 'amr-01', seconds: 25, out });
  const file = join(scene.folder, 'rules.yaml');
  writeFileSync(file, rules);
  agent = await scene.enrolAndStart({
    name: 'amr-e2e',
    source: { file: recording, speed: 1 },
    rules: file,
  });
  await until('the agent is enrolled', async () => (await agent.status())?.uplink.connected);
  await scene.cloud.running.kill();
  // Replay at real time leaves room to lose the cloud; then all is read as fast as it goes.
  await agent.running.kill();
  const config = readFileSync(agent.configFile, 'utf8');
  writeFileSync(agent.configFile, config.replace('"speed": 1', '"speed": "max"'));
  agent = await scene.restartAgent(agent);
  const before = await until('clips wait in the buffer', async () => {
    const status = await agent.status();
    return status !== undefined && status.clips.sealed >= 3 ? status : undefined;
  });
  acknowledgedBefore = before.clips.acknowledged;
  for (const path of clipFiles(join(agent.folder, 'state', 'clips'))) {
    const bytes = readFileSync(path);
    copies.set(path.slice(-69, -5), bytes);
  }
  await scene.restartCloud();
  await until('the clips are stored', async () => {
    clips = await scene.api.clips('state=stored');
    return clips.filter((clip) => copies.has(clip.sha256)).length === copies.size;
  });
}, 120_000);

afterAll(async () => {
  await scene[Symbol.asyncDispose]();
});

function clipFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.mcap'))
    .map((name) => join(folder, name));
}

test('every clip that was cut without a cloud is served byte for byte', async () => {
  expect(acknowledgedBefore).toBe(0);
  expect(copies.size).toBeGreaterThanOrEqual(3);
  for (const [sha256, bytes] of copies) {
    const clip = clips.find((one) => one.sha256 === sha256);
    expect(clip, `clip ${sha256}`).toBeDefined();
    const served = await scene.api.data(clip?.id ?? '');
    expect(Buffer.compare(served, bytes)).toBe(0);
  }
});

test('each clip reads in @mcap/core alone, with index, statistics and metadata', async () => {
  for (const [sha256, bytes] of copies) {
    const content = await readClip(sha256, bytes);
    expect(content.sha256).toBe(sha256);
    expect(content.messageCount).toBeGreaterThan(0);
    const manifest = JSON.parse(content.metadata.get('manifest') ?? '{}') as { device: string };
    expect(manifest.device).toBe('amr-e2e');
  }
});

test('a clip says why it was flagged, and holds its latched context', async () => {
  const moving = clips.find((clip) => clip.why.rule.startsWith('moving'));
  expect(moving?.why.expression).toBe('vx > 0.3');
  expect(moving?.why.values['vx']).toBeGreaterThan(0.3);
  expect(moving?.severity).toBe('critical');
  const content = await readClip('moving', copies.get(moving?.sha256 ?? '') ?? new Uint8Array());
  expect([...content.topics.keys()].sort()).toEqual(
    expect.arrayContaining(['/fieldloop/markers', '/odom', '/scan', '/tf_static']),
  );
  expect(content.topics.has('/imu/data')).toBe(false);
});

test('a file leaves the robot only after the cloud holds it', async () => {
  await until('acknowledged files are gone', async () => {
    const left = clipFiles(join(agent.folder, 'state', 'clips'));
    const status = await agent.status();
    return left.length === 0 && status?.uplink.backlogClips === 0;
  });
  const stored = await scene.api.clips('state=stored');
  expect(new Set(stored.map((clip) => clip.sha256)).size).toBe(stored.length);
});
