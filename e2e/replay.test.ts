/**
 * Goal: what `rules backtest` says of a recording is what a robot makes of it: as many clips, of
 * the same moments. Method: a simulated shift in splits of a recorder, through both programs.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createFile } from '@fieldloop/recording/file';
import { loadLibrary, mergeRuleSets } from '@fieldloop/rules';
import { recordShift } from '@fieldloop/sim';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const second = 1_000_000_000n;
const splitS = 120;
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fieldloop-replay-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function run<T>(program: string, ...args: readonly string[]): Promise<T> {
  const line = [join(root, program), ...args, '--json'];
  const options = { cwd: folder, maxBuffer: 64 * 2 ** 20 };
  const { stdout } = await promisify(execFile)(process.execPath, line, options);
  return JSON.parse(stdout) as T;
}

interface Clip {
  readonly startNs: string;
  readonly endNs: string;
}
interface Backtested {
  readonly fires: number;
  readonly rules: readonly { readonly id: string; readonly fires: number }[];
  readonly clipList: readonly (Clip & { readonly markers: readonly { readonly rule: string }[] })[];
}
interface Replayed {
  readonly rules: { readonly fired: Readonly<Record<string, number>> };
  readonly clips: readonly (Clip & { readonly rule: string })[];
}

test('a replay by the agent makes the clips that a backtest forecasts', async () => {
  const bag = join(folder, 'shift');
  mkdirSync(bag);
  for (const i of [0, 1]) {
    await using out = await createFile(join(bag, `shift_${i}.mcap`));
    const startNs = (1_767_258_000n + BigInt(i * splitS)) * second;
    await recordShift({ seed: `split ${i}`, seconds: splitS, startNs, out });
  }
  // Models run on robots alone: what a backtest reads of them are scores of the recording.
  const library = (await loadLibrary()).filter(({ text }) => !/^models:/m.test(text));
  const { text } = mergeRuleSets(library, { name: 'library', version: 1 });
  writeFileSync(join(folder, 'rules.yaml'), text);
  const [told, made] = await Promise.all([
    run<Backtested>(
      'cli/bin/fieldloop.mjs',
      'rules',
      'backtest',
      'rules.yaml',
      bag,
      '--device',
      'replay',
    ),
    run<Replayed>('agent/bin/fieldloop-agent.mjs', 'replay', bag, '--rules', 'rules.yaml'),
  ]);
  expect(made.rules.fired).toEqual(
    Object.fromEntries(
      told.rules.filter(({ fires }) => fires > 0).map(({ id, fires }) => [id, fires]),
    ),
  );
  expect(told.clipList.length).toBeGreaterThan(3);
  const clips = told.clipList.map(({ startNs, endNs, markers }) => ({
    startNs,
    endNs,
    rule: markers[0]?.rule,
  }));
  expect(made.clips.map(({ startNs, endNs, rule }) => ({ startNs, endNs, rule }))).toEqual(clips);
}, 60_000);
