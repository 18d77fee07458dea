/** What must hold of a buffer's folder whenever it is open and at rest. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeManifest } from '@fieldloop/proto';
import { expect } from 'vitest';
import type { AgentBuffer } from './buffer.ts';
import { readClipFile } from './clip-file.ts';
import { laneNames } from './marks.ts';

export interface HeldFile {
  readonly clipId: string;
  readonly sha256: string;
}

/**
 * Every file in clips/ is a row's and every row has its file, whole and with its hash; no clip
 * twice; no part left; the lanes are numbered without holes. Gives the held clips by id.
 */
export async function expectSound(dir: string, buffer: AgentBuffer): Promise<Map<string, string>> {
  const held = new Map<string, string>();
  for (const folder of await readdir(join(dir, 'clips'))) {
    for (const name of await readdir(join(dir, 'clips', folder))) {
      const found = await readClipFile(join(dir, 'clips', folder, name));
      expect(name).toBe(`${found.sha256}.mcap`);
      expect(held.has(found.clipId)).toBe(false);
      expect(buffer.clips.get(found.clipId)).toMatchObject({
        sha256: found.sha256,
        sizeBytes: found.sizeBytes,
      });
      held.set(found.clipId, found.sha256);
    }
  }
  const { clips } = buffer.counts();
  expect(clips.sealed + clips.offered + clips.uploading + clips.refused).toBe(held.size);
  expect(await readdir(join(dir, 'parts'))).toEqual([]);
  for (const range of buffer.rows.ranges()) {
    const rows = buffer.rows.read(range.lane, range.lowest - 1, { rows: 10_000, bytes: 1e9 });
    let next = range.lowest;
    for (const row of rows) {
      expect(row.seq).toBe(next);
      next += row.count;
    }
    expect(next).toBe(range.highest + 1);
  }
  expect(laneNames).toHaveLength(buffer.rows.ranges().length);
  return held;
}

/** Ids of the manifests that wait in the lane, with their state. */
export function waitingManifests(buffer: AgentBuffer): { clipId: string; state: string }[] {
  return buffer.rows
    .read('manifests', 0, { rows: 10_000, bytes: 1e9 })
    .map((row) => decodeManifest(row.body))
    .map(({ clipId, state }) => ({ clipId, state }));
}
