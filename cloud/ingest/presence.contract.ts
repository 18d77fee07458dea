/**
 * Goal: who is here is right after a crash of any side, and nothing is said to be on its way that
 * nobody sends. Method: nodes that start, beat, die and come back, with the times of a test clock.
 */
import { expect, test } from 'vitest';
import { sampleManifest } from '../clip/clip.sample.ts';
import { clipIdOf } from '../clip/clip.ts';
import { clipStore } from '../clip/store.ts';
import { deviceStore } from '../device/store.ts';
import { nodeDeadMs } from '../limits.ts';
import type { Db } from '../store/db.ts';
import type { OpenStore } from '../store/store.contract.ts';
import { closeDeadNodes, connectionClosed, connectionOpened } from './presence.ts';
import { nodeBeat, nodeStarted } from './presence.ts';
import { beginTransfer, putBackStalled } from './transfer-rows.ts';

export function presenceContract(name: string, open: OpenStore): void {
  const connected = async (db: Db, one: { id: string; device: string; node: string; at: number }) =>
    await connectionOpened(db, { ...one, kind: 'control', remote: '', fingerprint: '' });
  const isOnline = async (db: Db, device: string) =>
    (await deviceStore(db).get(device))?.presence.online;
  const upload = async (db: Db, n: number, at: number) => {
    const manifest = sampleManifest(n);
    const clips = clipStore(db);
    await clips.putManifest('amr-01', manifest, at);
    const { sha256, sizeBytes } = manifest;
    const content = { device: 'amr-01', sha256, sizeBytes, content: 'clip' } as const;
    await beginTransfer(db, { ...content, owner: 'a', at });
    const id = clipIdOf(manifest);
    return { sha256, state: async () => (await clips.get(id))?.state };
  };

  test(`${name}: a node that starts again closes what it had, and nothing of others`, async () => {
    await using world = await open();
    const { db } = world;
    for (const node of ['a', 'b']) await nodeStarted(db, { node, at: 1 });
    await connected(db, { id: 'c1', device: 'amr-01', node: 'a', at: 2 });
    await connected(db, { id: 'c2', device: 'amr-02', node: 'b', at: 2 });
    await nodeStarted(db, { node: 'a', at: 3 });
    expect(await isOnline(db, 'amr-01')).toBe(false);
    expect(await isOnline(db, 'amr-02')).toBe(true);
  });

  test(`${name}: a dead node's devices go offline, one that moved on stays`, async () => {
    await using world = await open();
    const { db } = world;
    for (const node of ['a', 'b']) await nodeStarted(db, { node, at: 1 });
    await connected(db, { id: 'c1', device: 'amr-01', node: 'a', at: 2 });
    await connected(db, { id: 'c2', device: 'amr-02', node: 'a', at: 2 });
    await connected(db, { id: 'c3', device: 'amr-02', node: 'b', at: 3 });
    await nodeBeat(db, { node: 'b', at: nodeDeadMs, open: ['c3'] });
    expect(await isOnline(db, 'amr-01')).toBe(true);
    await nodeBeat(db, { node: 'b', at: nodeDeadMs + 2, open: ['c3'] });
    expect(await isOnline(db, 'amr-01')).toBe(false);
    expect(await isOnline(db, 'amr-02')).toBe(true);
    // It was only stopped for a while, and says so.
    await nodeBeat(db, { node: 'a', at: nodeDeadMs + 3, open: ['c1', 'c2'] });
    expect(await isOnline(db, 'amr-01')).toBe(true);
    await connectionClosed(db, {
      id: 'c1',
      device: 'amr-01',
      kind: 'control',
      why: 'silent',
      at: nodeDeadMs + 4,
    });
    expect(await isOnline(db, 'amr-01')).toBe(false);
  });

  test(`${name}: when the last node died, the worker sees it`, async () => {
    await using world = await open();
    const { db } = world;
    await nodeStarted(db, { node: 'a', at: 1 });
    await connected(db, { id: 'c1', device: 'amr-01', node: 'a', at: 2 });
    await closeDeadNodes(db, nodeDeadMs);
    expect(await isOnline(db, 'amr-01')).toBe(true);
    await closeDeadNodes(db, nodeDeadMs + 2);
    expect(await isOnline(db, 'amr-01')).toBe(false);
  });

  test(`${name}: a clip is on the robot again when its robot leaves, or sends nothing`, async () => {
    await using world = await open();
    const { db } = world;
    await nodeStarted(db, { node: 'a', at: 1 });
    await connected(db, { id: 'c1', device: 'amr-01', node: 'a', at: 2 });
    const one = await upload(db, 1, 100);
    expect(await one.state()).toBe('uploading');
    const end = { id: 'c1', device: 'amr-01', kind: 'control', why: 'silent', at: 101 } as const;
    await connectionClosed(db, end);
    expect(await one.state()).toBe('on_device');
    const two = await upload(db, 2, 200);
    expect(await putBackStalled(db, { since: 200, at: 300 })).toBe(0);
    expect(await putBackStalled(db, { since: 201, at: 300 })).toBe(1);
    expect(await two.state()).toBe('on_device');
    const three = await upload(db, 3, 400);
    await db.deleteFrom('transfer').where('sha256', '=', three.sha256).execute();
    expect(await putBackStalled(db, { since: 401, at: 500 })).toBe(1);
  });
}
