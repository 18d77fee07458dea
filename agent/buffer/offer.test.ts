/**
 * Goal: no bytes go up of a clip that the cloud was not told of, and it is told of every one held.
 * Method: a real buffer whose lane of manifests lost rows as a full one does, and the cloud's word.
 */
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { BufferFolder } from './buffer.cases.ts';
import { waitingManifests } from './check.cases.ts';
import { openSqlite } from './sqlite.ts';

let at: BufferFolder;
beforeEach(async () => {
  at = await BufferFolder.make();
});
afterEach(() => at.remove());

const turn = (): string[] => at.buffer.clips.turn(9).map(({ clipId }) => clipId);

test('a clip whose manifest a full lane let go is offered again before its bytes go', async () => {
  const [first, second] = [await at.seal({ class: 'critical' }), await at.seal()];
  await at.buffer.close();
  const db = openSqlite(join(at.dir, 'buffer.db'));
  db.run("DELETE FROM lane_row WHERE lane = 'manifests' AND seq = 1");
  db.close();
  await at.open();
  at.listAll();
  expect(turn()).toEqual([second.clipId]);
  expect(waitingManifests(at.buffer)).toEqual([{ clipId: first.clipId, state: 'held' }]);
  at.listAll();
  expect(turn()).toEqual([first.clipId, second.clipId]);
  expect(waitingManifests(at.buffer)).toEqual([]);
});
