/**
 * Goal: a command goes forward only, ends once, and each step is told of.
 * Method: walk it through its states with words that come twice, late and from the wrong device.
 */
import { openIds } from '@fieldloop/core';
import type { CommandReport } from '@fieldloop/proto';
import { expect, test } from 'vitest';
import { uuidOfId } from '../entity-id.ts';
import { maxLiveCommands } from '../limits.ts';
import { queueCommand } from '../store/command-queue.ts';
import type { Db } from '../store/db.ts';
import type { OpenStore } from '../store/store.contract.ts';
import type { CommandState } from './command.ts';
import { commandStore } from './store.ts';

export function commandStoreContract(name: string, open: OpenStore): void {
  let drawn = 0;
  const ids = openIds({
    clock: { now: () => 5, monotonicMs: () => 5, sleep: async () => undefined },
    randomBytes: (length) => new Uint8Array(length).map(() => (drawn = (drawn + 7) % 251)),
  });
  const ping = { kind: 'ping', input: {}, by: 'key_1', ids } as const;
  const queue = async (db: Db, deviceId: string, at = 10, expiresAt = 100) =>
    await db
      .transaction()
      .execute(async (trx) => await queueCommand(trx, { ...ping, deviceId, at, expiresAt }));
  const report = (id: string, state: CommandReport['state']): CommandReport => ({
    digest: '0'.repeat(64),
    id: uuidOfId(id),
    kind: 'ping',
    state,
    at: 1,
    ...(state === 'done' ? { result: { clip: uuidOfId(id), note: 'x' } } : {}),
    ...(state === 'failed' ? { problem: { code: 'unavailable', message: 'no' } } : {}),
  });
  const told = async (db: Db, id: string) =>
    (
      await db
        .selectFrom('outbox')
        .select('kind')
        .where('subject', '=', id)
        .orderBy('seq')
        .execute()
    ).map((row) => row.kind);

  test(`${name}: a command goes forward to its end, and each step is told of once`, async () => {
    await using world = await open();
    const commands = commandStore(world.db);
    const { id } = await queue(world.db, await world.deviceId('amr-01'));
    expect(id).toMatch(/^cmd_[0-9A-Z]{26}$/);
    expect(await commands.advance(id, 'sent', 20)).toBe(true);
    expect(await commands.advance(id, 'sent', 21)).toBe(false);
    expect(await commands.heard('amr-02', report(id, 'done'), 22)).toBe(false);
    expect(await commands.heard('amr-01', report(id, 'running'), 23)).toBe(true);
    expect(await commands.advance(id, 'acknowledged', 24)).toBe(false);
    expect(await commands.advance(id, 'expired', 25)).toBe(false);
    expect(await commands.heard('amr-01', report(id, 'done'), 26)).toBe(true);
    expect(await commands.heard('amr-01', report(id, 'failed'), 27)).toBe(false);
    expect(await commands.get(id)).toMatchObject({
      state: 'done',
      sentAt: 20,
      acknowledgedAt: 23,
      endedAt: 26,
      result: { clip: id.replace('cmd_', 'clp_'), note: 'x' },
      by: 'key_1',
      version: 4,
    });
    expect(await told(world.db, id)).toEqual([
      'command.queued',
      'command.sent',
      'command.running',
      'command.done',
    ]);
  });

  test(`${name}: what nobody took in its time expires; the device's word stands above that`, async () => {
    await using world = await open();
    const commands = commandStore(world.db);
    const deviceId = await world.deviceId('amr-01');
    const early = await queue(world.db, deviceId, 10, 50);
    const late = await queue(world.db, deviceId, 11, 60);
    await commands.advance(late.id, 'acknowledged', 20);
    expect(await commands.expire(49, 10)).toEqual([]);
    expect(await commands.expire(60, 10)).toEqual([early.id]);
    expect(await commands.get(early.id)).toMatchObject({ state: 'expired', endedAt: 60 });
    expect((await commands.live(deviceId)).map((one) => one.id)).toEqual([late.id]);
    expect(await commands.heard('amr-01', report(early.id, 'failed'), 70)).toBe(true);
    expect(await commands.get(early.id)).toMatchObject({
      state: 'failed',
      problem: { code: 'unavailable', message: 'no' },
    });
    await commands.forget(71);
    expect(await commands.get(early.id)).toBeUndefined();
  });

  test(`${name}: a command is cancelled until it runs`, async () => {
    await using world = await open();
    const commands = commandStore(world.db);
    const deviceId = await world.deviceId('amr-01');
    const states: readonly [CommandState, boolean][] = [
      ['sent', true],
      ['acknowledged', true],
      ['running', false],
    ];
    for (const [state, isCancelled] of states) {
      const { id } = await queue(world.db, deviceId);
      await commands.advance(id, state, 12);
      expect(await commands.advance(id, 'cancelled', 13)).toBe(isCancelled);
    }
  });

  test(`${name}: a device has so many live commands and no more`, async () => {
    await using world = await open();
    const deviceId = await world.deviceId('amr-01');
    await world.db.transaction().execute(async (trx) => {
      for (let n = 0; n < maxLiveCommands; n += 1) {
        await queueCommand(trx, { ...ping, deviceId, at: n, expiresAt: 1000 });
      }
    });
    await expect(queue(world.db, deviceId)).rejects.toMatchObject({ code: 'limited' });
    await queue(world.db, await world.deviceId('amr-02'));
    await expect(queue(world.db, 'dev_none')).rejects.toMatchObject({ code: 'not_found' });
  });

  test(`${name}: what no device could be sent is not kept`, async () => {
    await using world = await open();
    const deviceId = await world.deviceId('amr-01');
    const pull = { ...ping, kind: 'pull', input: { clip: 'clp_x' } } as const;
    const wrong = queueCommand(world.db, { ...pull, deviceId, at: 1, expiresAt: 2 });
    await expect(wrong).rejects.toMatchObject({ code: 'invalid', place: '/input/clip' });
    expect(await commandStore(world.db).live(deviceId)).toEqual([]);
  });
}
