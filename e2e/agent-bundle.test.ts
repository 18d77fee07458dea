/**
 * Goal: what robots run is what the sources say: the bundle starts without the clone's tools, with
 * its threads and natives, and cuts the clips that the sources cut.
 * Method: a bundle made into a folder of its own, on a simulated drive with a model.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createFile } from '@fieldloop/recording/file';
import { recordRobot } from '@fieldloop/sim';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildAgent } from './agent-bundle.ts';

const root = join(import.meta.dirname, '..');
const run = promisify(execFile);
let folder = '';
let entry = '';
let atStart: readonly string[] = [];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fl-bundle-'));
  ({ entry, atStart } = await buildAgent(root, join(folder, 'agent')));
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

const rules = `apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: bundle, version: 1}
signals:
  vx: {topic: /odom, path: twist.twist.linear.x, type: double}
rules:
- {id: moving, when: vx > 0.1, for: 1s, capture: {topics: ["*"], pre: 2s, post: 2s}}
`;

test('it replays a drive in a folder without anything of this clone, as the sources do', async () => {
  const drive = join(folder, 'drive.mcap');
  {
    await using out = await createFile(drive);
    await recordRobot({ seed: 7, robots: 1, robot: 'amr-01', seconds: 8, out });
  }
  const file = join(folder, 'rules.yaml');
  writeFileSync(file, rules);
  const replay = async (program: string): Promise<string> => {
    const args = [program, 'replay', drive, '--rules', file];
    const { stdout } = await run(process.execPath, args, { cwd: folder });
    return stdout;
  };
  const bundled = await replay(entry);
  expect(bundled).toContain('moving');
  expect(bundled).toBe(await replay(join(root, 'agent/bin/fieldloop-agent.mjs')));
}, 60_000);

test('main loads no reader of recordings to start', () => {
  const ends = (path: string): boolean => atStart.some((file) => file.endsWith(path));
  expect(ends('agent/cli.ts')).toBe(true);
  expect(ends('agent/config.ts')).toBe(true);
  const readers = atStart.filter((file) =>
    /@foxglove\/rosbag|@mcap\/core|recording\/schema\/accessor/.test(file),
  );
  expect(readers).toEqual([]);
});
