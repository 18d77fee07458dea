/**
 * Goal: a replay of nothing, or into a place that takes nothing, says so before an agent is started
 * for it; what stands before a damage is replayed, and its clips are kept.
 * Method: the program's own `main` on paths that are not there, and on recordings, whole and cut.
 */
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { main } from './cli.ts';
import { writeRecording } from './source/testing.ts';
import { plainRules } from './testing.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fl-no-replay-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function replayed(recording: string, ...more: string[]) {
  const rules = join(folder, 'rules.yaml');
  writeFileSync(rules, plainRules);
  const said = { out: '', err: '' };
  const code = await main(
    ['replay', recording, '--rules', rules, '-c', join(folder, 'agent.yaml'), ...more],
    { out: (text) => void (said.out += text), err: (text) => void (said.err += text) },
  );
  return { code, ...said };
}

/** Twenty minutes at 10 Hz, too fast once at 5 s. */
async function drive(): Promise<string> {
  const path = join(folder, 'a.mcap');
  const messages = Array.from({ length: 12_000 }, (_, i) => ({
    topic: '/odom',
    atNs: 1_700_000_000_000_000_000n + BigInt(i) * 100_000_000n,
    value: { vx: i === 50 ? 2 : 0, noise: Math.sin(i) },
  }));
  await writeRecording(path, messages);
  return path;
}

test.each([
  ['nothere.mcap', /nothere\.mcap: .*\. [A-Z].*\.$/m],
  ['empty', /empty: the folder holds no recording\. Name a file/],
])('%s is not found, exit 4', async (name, told) => {
  mkdirSync(join(folder, 'empty'));
  const { code, err } = await replayed(join(folder, name));
  expect(err).toMatch(told);
  expect(code).toBe(4);
});

test('of a damaged recording what stands before the damage is told, and its clips are kept', async () => {
  const path = await drive();
  truncateSync(path, Math.floor(statSync(path).size * 0.9));
  const out = join(folder, 'kept', 'clips');
  const replay = await replayed(path, '--out', out);
  expect(replay.code).toBe(6);
  expect(replay.out).toMatch(/^fired fast 1;/m);
  const [name = ''] = readdirSync(out);
  expect(name).toMatch(/^[0-9a-f-]{36}\.mcap$/);
  expect(replay.out).toMatch(new RegExp(`fast: vx > 1.0  ${join(out, name)}$`, 'm'));
  expect(replay.err).toMatch(/"recording repair" saves what is whole\.\n$/);
  expect(replay.err).not.toContain('{"');
});

test('a place that takes no clip is named before the recording is read', async () => {
  const path = await drive();
  writeFileSync(join(folder, 'file'), '');
  for (const place of [join(folder, 'file', 'clips'), '/proc/clips']) {
    const { code, out, err } = await replayed(path, '--out', place);
    expect([code, out]).toEqual([8, '']);
    expect(err).toMatch(/clips cannot be written here: E.*Give --out a folder with room/);
    expect(err).not.toContain('bug');
  }
});
