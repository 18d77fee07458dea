/**
 * Goal: what is to be sent is there once, is found when it is due, and remembers its tries.
 * Method: deliveries, channels and webhooks through their stores.
 */
import { expect, test } from 'vitest';
import { channelStore } from '../channel/store.ts';
import type { OpenStore } from '../store/store.contract.ts';
import { webhookStore } from '../webhook/store.ts';
import { deliveryQueue, type NewDelivery } from './queue.ts';

const delivery = (n: number, target = 'whk_1'): NewDelivery => ({
  id: `dlv_${n}`,
  target: { kind: 'webhook', id: target },
  key: `${n}`,
  kind: 'clip.stored',
  subject: 'clp_1',
  seq: BigInt(n),
  body: { n },
  at: n,
});

export function deliveryQueueContract(name: string, open: OpenStore): void {
  test(`${name}: a delivery is there once, and due in its order`, async () => {
    await using world = await open();
    const queue = deliveryQueue(world.db);
    await queue.put([delivery(1), delivery(2), delivery(3, 'whk_2')]);
    await queue.put([{ ...delivery(9), key: '1' }, delivery(4)]);
    const ids = async (now: number) => (await queue.due('whk_1', now, 9)).map((one) => one.id);
    expect([await ids(0), await ids(2), await ids(9)]).toEqual([
      [],
      ['dlv_1', 'dlv_2'],
      ['dlv_1', 'dlv_2', 'dlv_4'],
    ]);
    expect((await queue.dueTargets(9)).toSorted()).toEqual(['whk_1', 'whk_2']);
    expect(await queue.dueTargets(0)).toEqual([]);
    expect(await queue.waiting('whk_1')).toBe(3);
    expect(await queue.get('dlv_1')).toEqual({
      id: 'dlv_1',
      target: { kind: 'webhook', id: 'whk_1' },
      kind: 'clip.stored',
      subject: 'clp_1',
      seq: 1n,
      body: { n: 1 },
      state: 'waiting',
      attempts: 0,
      tries: 0,
      dueAt: 1,
      createdAt: 1,
      updatedAt: 1,
    });
  });

  test(`${name}: tries are kept; what ended is redelivered or swept`, async () => {
    await using world = await open();
    const queue = deliveryQueue(world.db);
    await queue.put([delivery(1), delivery(2)]);
    const one = await queue.get('dlv_1');
    const two = await queue.get('dlv_2');
    if (one === undefined || two === undefined) throw new Error('they are there');
    const failed = { at: 10, durationMs: 5, outcome: { ok: false, status: 500, error: 'no' } };
    expect(await queue.tried(one, failed, 90)).toBe('waiting');
    expect(await queue.tried(one, { ...failed, at: 90 }, undefined)).toBe('failed');
    const ok = { at: 20, durationMs: 1, outcome: { ok: true, status: 200, answer: 'thanks' } };
    expect(await queue.tried(two, ok, undefined)).toBe('delivered');
    expect(await queue.attempts('dlv_1')).toEqual([
      { n: 1, at: 10, durationMs: 5, ok: false, status: 500, error: 'no' },
      { n: 2, at: 90, durationMs: 5, ok: false, status: 500, error: 'no' },
    ]);
    expect(await queue.get('dlv_1')).toMatchObject({ state: 'failed', tries: 2, endedAt: 95 });
    expect(await queue.redeliver('whk_2', 'dlv_1', 100)).toBe(false);
    expect(await queue.redeliver('whk_1', 'dlv_1', 100)).toBe(true);
    expect(await queue.get('dlv_1')).toMatchObject({ state: 'waiting', tries: 0, attempts: 2 });
    expect(await queue.sweep(21)).toBe(0);
    expect(await queue.sweep(22)).toBe(1);
    expect(await queue.get('dlv_2')).toBeUndefined();
    await queue.forget('whk_1');
    expect(await queue.list({ limit: 9 })).toEqual([]);
  });

  test(`${name}: a webhook keeps its place, and two secrets while one is changed`, async () => {
    await using world = await open();
    const webhooks = webhookStore(world.db);
    const wanted = { id: 'whk_1', name: 'ci', url: 'https://a.example/', kinds: ['clip.*'] };
    const rest = { state: 'enabled', secret: 'old', cursor: 4n, at: 5 } as const;
    const made = await webhooks.create({ ...wanted, ...rest });
    const kept = { createdAt: 5, updatedAt: 5, version: 1 };
    expect(made).toEqual({ ...wanted, state: 'enabled', cursor: 4n, ...kept });
    expect(await webhooks.create({ ...wanted, ...rest, id: 'whk_2' })).toBeUndefined();
    await webhooks.moveCursor(['whk_1'], 9n);
    await webhooks.moveCursor(['whk_1'], 7n);
    expect(await webhooks.get('ci')).toMatchObject({ cursor: 9n });
    if (made === undefined) return;
    await webhooks.rotate(made, 'new', { at: 6, oldUntil: 20 });
    expect(await webhooks.secrets('whk_1', 19)).toEqual(['new', 'old']);
    expect(await webhooks.secrets('whk_1', 20)).toEqual(['new']);
    expect(
      JSON.stringify(await webhooks.all(), (_, value: unknown) => String(value)),
    ).not.toContain('new');
  });

  test(`${name}: a channel shows no secret; who tells it is known`, async () => {
    await using world = await open();
    const channels = channelStore(world.db);
    const config = { kind: 'slack', host: 'hooks.example' } as const;
    const secret = { url: 'https://hooks.example/T1/secret' };
    const made = await channels.create({
      id: 'chn_1',
      name: 'ops',
      enabled: true,
      config,
      secret,
      at: 5,
    });
    expect(made).toMatchObject({ config, enabled: true, version: 1 });
    expect(JSON.stringify(made)).not.toContain('T1');
    expect(await channels.secret('chn_1')).toEqual(secret);
    expect(await channels.userOf('chn_1')).toBeUndefined();
    if (made === undefined) return;
    expect(await channels.change(made, { enabled: false }, 6)).toMatchObject({
      enabled: false,
      version: 2,
    });
    expect(await channels.secret('chn_1')).toEqual(secret);
  });
}
