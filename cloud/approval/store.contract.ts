/**
 * Goal: of one caller's requests for one thing, one is live; each keeps who asked and who decided.
 * Method: ask, ask again, decide and use.
 */
import { expect, test } from 'vitest';
import type { OpenStore } from '../store/store.contract.ts';
import { approvalStore } from './store.ts';

export function approvalStoreContract(name: string, open: OpenStore): void {
  const asked = (id: string) => ({
    id,
    action: 'device.revoke',
    subject: 'dev_1',
    detail: { count: 12 },
    reason: 'stolen',
    askedBy: 'key_1',
    askedPerson: 'usr_1',
    at: 10,
    expiresAt: 100,
  });
  const what = { action: 'device.revoke', subject: 'dev_1', askedBy: 'key_1' };

  test(`${name}: a request is kept once while it lives`, async () => {
    await using world = await open();
    const approvals = approvalStore(world.db);
    await approvals.add(asked('apr_1'));
    await approvals.add(asked('apr_2'));
    const live = await approvals.live(what);
    expect(live).toEqual({
      id: 'apr_1',
      action: 'device.revoke',
      subject: 'dev_1',
      detail: { count: 12 },
      reason: 'stolen',
      state: 'open',
      askedBy: 'key_1',
      askedPerson: 'usr_1',
      expiresAt: 100,
      createdAt: 10,
      updatedAt: 10,
      version: 1,
    });
    expect(await approvals.get('apr_2')).toBeUndefined();
    await approvals.add({ ...asked('apr_3'), askedBy: 'key_2' });
    expect(await approvals.openOf('key_1', 50)).toBe(1);
    expect(await approvals.openOf('key_1', 100)).toBe(0);
    expect((await approvals.some(['apr_3', 'apr_2', 'apr_1'])).map((one) => one.id)).toEqual([
      'apr_3',
      'apr_1',
    ]);
  });

  test(`${name}: a decision and a use are kept with their time, then a new request may come`, async () => {
    await using world = await open();
    const approvals = approvalStore(world.db);
    await approvals.add(asked('apr_1'));
    const first = await approvals.live(what);
    if (first === undefined) throw new Error('there is no request');
    const decision = { state: 'approved', decidedBy: 'usr_2', note: 'seen' } as const;
    const approved = await approvals.move(first, decision, 20);
    expect(approved).toEqual({ ...first, ...decision, decidedAt: 20, updatedAt: 20, version: 2 });
    expect(await approvals.live(what)).toEqual(approved);
    const used = await approvals.move(approved, { state: 'used' }, 30);
    expect(used).toMatchObject({ state: 'used', usedAt: 30, decidedBy: 'usr_2', version: 3 });
    expect(await approvals.live(what)).toBeUndefined();
    await approvals.add(asked('apr_2'));
    expect((await approvals.live(what))?.id).toBe('apr_2');
  });
}
