/**
 * Goal: pictures of clips are made beside everything else, also of those that came before, and a
 * clip that cannot be read holds up no other.
 * Method: the worker's part on real files; clips stored before and after it starts.
 */
import { seededRandom, silentLog } from '@fieldloop/core';
import { systemClock, systemIds, systemRandomBytes } from '@fieldloop/core/system';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import {
  camera,
  noted,
  sampleRecording,
  sampleStart,
} from '../blob/recordings/recording.sample.ts';
import { idOfUuid } from '../entity-id.ts';
import { type ApiWorld, openApiWorld } from '../http/world.sample.ts';
import { sampleUuid } from './clip.sample.ts';
import { chosenFrames } from './preview.ts';
import { openPreviewMaker } from './preview-maker.ts';
import { previewStore } from './preview-store.ts';

const clipId = (n: number): string => idOfUuid('clp', sampleUuid(n));

const workerDeps = ({ db, bytes }: ApiWorld) => ({
  read: db,
  write: db,
  bytes,
  clock: systemClock,
  ids: systemIds,
  random: seededRandom(1),
  randomBytes: systemRandomBytes,
  log: silentLog,
  node: 'worker',
});

test('clips from before and after its start get their pictures, broken ones a reason', async () => {
  await using world = await openApiWorld();
  const create = { width: 64, height: 48, channels: 3, background: '#102030' } as const;
  const jpeg = new Uint8Array(await sharp({ create }).png().toBuffer());
  await world.putClip(1, { bytes: await sampleRecording([camera(sampleStart, jpeg)]) });
  await world.putClip(2, { bytes: new Uint8Array(100) });
  await world.putClip(3, { bytes: await sampleRecording([noted(sampleStart, {})]) });
  await using _maker = await openPreviewMaker(workerDeps(world));
  const previews = previewStore(world.db);
  const settled = async (n: number): Promise<void> =>
    await expect
      .poll(async () => (await previews.state(clipId(n))).state, { timeout: 10_000 })
      .not.toBe('pending');
  for (const n of [1, 2, 3]) await settled(n);
  expect(await previews.list(clipId(1))).toMatchObject([
    { n: 0, kind: 'first', topic: '/camera/compressed', width: 64, height: 48 },
  ]);
  expect(await previews.state(clipId(2))).toMatchObject({
    state: 'failed',
    why: expect.stringContaining('index'),
  });
  expect(await previews.state(clipId(3))).toEqual({ state: 'made' });
  await world.putClip(4, { bytes: await sampleRecording([camera(sampleStart + 1n, jpeg)]) });
  await settled(4);
  expect(await previews.list(clipId(4))).toHaveLength(1);
});

test('the frames of a topic are the first, the last before the trigger and the middle one', () => {
  const clip = { startNs: 0n, endNs: 100n, triggerNs: 70n };
  const kinds = (times: bigint[]): string[] =>
    chosenFrames(times, clip).map(({ kind, index }) => `${kind} ${times[index]}`);
  expect(kinds([])).toEqual([]);
  expect(kinds([90n])).toEqual(['first 90']);
  expect(kinds([80n, 90n])).toEqual(['first 80']);
  expect(kinds([60n, 10n, 69n, 71n, 48n])).toEqual(['first 10', 'trigger 69', 'middle 48']);
});
