/**
 * Goal: kill -9 at any moment: what was said to be sealed is there, readable, with its hash, once.
 * Method: a real process seals and deletes in a loop over one folder; it is killed at seeded
 * moments, the folder is opened and checked, and the next process goes on in it.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { type Random, seededRandom, silentLog } from '@fieldloop/core';
import { isLongRun, systemClock, systemIds } from '@fieldloop/core/system';
import { expect, test } from 'vitest';
import { openBuffer } from './buffer.ts';
import { expectSound } from './check.cases.ts';

const program = join(import.meta.dirname, 'sealing.cases.ts');

/** Lines that the process wrote until it was killed, some milliseconds after line `lines`. */
async function sealUntilKilled(dir: string, random: Random): Promise<string[]> {
  const child = spawn(process.execPath, [program, dir, String(random.integer(1e9))], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const said: string[] = [];
  const lines = 1 + random.integer(40);
  const ms = random.next() * 12;
  const reader = createInterface({ input: child.stdout });
  for await (const line of reader) {
    said.push(line);
    // The moment is what is tested, so it is a time and not an event.
    if (said.length === lines) void delay(ms).then(() => child.kill('SIGKILL'));
  }
  return said;
}

interface Told {
  readonly hashes: Map<string, string>;
  readonly wholes: Set<string>;
  readonly sealed: Set<string>;
  readonly acknowledging: Set<string>;
  readonly acknowledged: Set<string>;
}

function note(told: Told, said: readonly string[]): void {
  for (const line of said) {
    const words = line.split(' ');
    const clipId = words.at(-1) ?? '';
    if (words[0] === 'cutting') told.hashes.set(clipId, words[1] ?? '');
    if (words[0] === 'cut') told.wholes.add(clipId);
    if (words[0] === 'sealed') told.sealed.add(clipId);
    if (words[0] === 'acknowledging') told.acknowledging.add(clipId);
    if (words[0] === 'acknowledged') told.acknowledged.add(clipId);
  }
}

async function expectAllThere(dir: string, told: Told): Promise<void> {
  const buffer = await openBuffer({
    dir,
    quotaBytes: 1e9,
    headroomBytes: 0,
    clock: systemClock,
    ids: systemIds,
    log: silentLog,
  });
  try {
    const held = await expectSound(dir, buffer);
    for (const clipId of told.wholes) {
      if (told.acknowledging.has(clipId)) continue;
      expect(held.get(clipId)).toBe(told.hashes.get(clipId));
    }
    for (const clipId of told.acknowledged) expect(held.has(clipId)).toBe(false);
    for (const [clipId, sha256] of held) expect(told.hashes.get(clipId)).toBe(sha256);
    expect(buffer.counts().ever.lost).toBe(0);
  } finally {
    await buffer.close();
  }
}

const kills = isLongRun ? 10 : 4;

test.each(['kill-1', 'kill-2'])(
  `killed at ${kills} moments (seed %s)`,
  { timeout: 60_000 },
  async (seed) => {
    const random = seededRandom(seed);
    const dir = await mkdtemp(join(tmpdir(), 'fieldloop-kill-'));
    const told: Told = {
      hashes: new Map(),
      wholes: new Set(),
      sealed: new Set(),
      acknowledging: new Set(),
      acknowledged: new Set(),
    };
    for (let kill = 0; kill < kills; kill += 1) {
      note(told, await sealUntilKilled(dir, random));
      await expectAllThere(dir, told);
    }
    expect(told.sealed.size).toBeGreaterThanOrEqual(kills);
    expect(told.acknowledged.size).toBeGreaterThanOrEqual(kills / 4);
    await rm(dir, { recursive: true });
  },
);
