/**
 * Goal: everything that happens reaches every webhook that asked for it, signed, at least once,
 * whatever receivers and workers do.
 * Method: real HTTP receivers on 127.0.0.1, a real SQLite file, a clock that the test moves.
 */
import { systemIds } from '@fieldloop/core/system';
import { expect, test } from 'vitest';
import { deliveryWaitsMs, maxWaitingDeliveries, webhookFailingMs } from '../alert-limits.ts';
import type { Db } from '../store/db.ts';
import { putOutbox } from '../store/outbox.ts';
import type { OutboxKind } from '../store/outbox-kinds.ts';
import { noPostgres, postgresWorld } from '../store/postgres.sample.ts';
import { outboxEnd } from '../store/tail.ts';
import { openFill } from '../webhook/fill.ts';
import { webhookStore } from '../webhook/store.ts';
import { openDeliveries } from './deliveries.ts';
import { deliveryQueue } from './queue.ts';
import { isSignedBy } from './sign.ts';
import { openReceiver, openWorkerWorld, type Receiver, until } from './worker.sample.ts';

const secret = 'whsec_test';

async function hook(db: Db, receiver: Pick<Receiver, 'url'>, kinds: readonly string[] = ['*']) {
  const id = systemIds.ulid('whk');
  const wanted = { id, name: id, url: receiver.url, kinds, secret, at: 1 };
  const cursor = await outboxEnd(db);
  await webhookStore(db).create({ ...wanted, state: 'enabled', cursor });
  return id;
}

const happen = async (db: Db, n: number, kind: OutboxKind = 'clip.stored'): Promise<void> =>
  await putOutbox(db, { kind, subject: `clp_${n}`, at: 1_700_000_000_000 + n, body: { n } });

interface Told {
  readonly kind: string;
  readonly subject: string;
  readonly id: string;
  readonly seq: string;
}

const bodies = (receiver: Receiver): readonly Told[] =>
  receiver.got.map(({ body }) => JSON.parse(body));

/** The clock stands still: a receiver that is only slow may not count as one that fails. */
const local = { allowPrivate: true, timeoutMs: 20_000, version: '1.2.3' };

test('a row of a wanted kind arrives as it happened, signed, with an id', async () => {
  await using world = await openWorkerWorld();
  await using receiver = await openReceiver();
  const { db } = world.store;
  const id = await hook(db, receiver, ['clip.*', 'alert.fired']);
  await using _deliveries = await openDeliveries(world.deps, local);
  await happen(db, 1);
  await happen(db, 2, 'device.online');
  await happen(db, 3, 'alert.fired');
  await until(() => receiver.got.length === 2);
  // Several are under way at once; `seq` is the order in which things happened.
  const told = bodies(receiver).toSorted((one, other) => Number(one.seq) - Number(other.seq));
  expect(told.map((one) => one.kind)).toEqual(['clip.stored', 'alert.fired']);
  const first = receiver.got.find((one) => one.body.includes('clip.stored'));
  const sent = await deliveryQueue(db).list({ targetId: id, limit: 9 });
  const delivery = sent.find(({ kind }) => kind === 'clip.stored');
  expect(JSON.parse(first?.body ?? '')).toEqual({
    id: delivery?.id,
    seq: expect.stringMatching(/^\d+$/),
    kind: 'clip.stored',
    subject: 'clp_1',
    at: '2023-11-14T22:13:20.001Z',
    data: { n: 1 },
  });
  expect(first?.headers).toMatchObject({
    'fieldloop-id': delivery?.id,
    'fieldloop-kind': 'clip.stored',
    'fieldloop-attempt': '1',
    'user-agent': 'Fieldloop/1.2.3',
    'content-type': 'application/json',
  });
  const signed = { body: first?.body ?? '', nowMs: world.clock.now() };
  const header = String(first?.headers['fieldloop-signature']);
  expect(isSignedBy(header, { ...signed, secret })).toBe(true);
  expect(isSignedBy(header, { ...signed, secret: 'other' })).toBe(false);
  expect(isSignedBy(header, { ...signed, secret, body: `${signed.body} ` })).toBe(false);
  expect(isSignedBy(header, { ...signed, secret, nowMs: signed.nowMs + 301_000 })).toBe(false);
  await until(async () => (await deliveryQueue(db).waiting(id)) === 0);
  const attempts = await deliveryQueue(db).attempts(delivery?.id ?? '');
  expect(attempts).toMatchObject([{ n: 1, ok: true, status: 200, answer: 'thanks' }]);
});

test.skipIf(noPostgres !== undefined)(
  `PostgreSQL: rows become deliveries, failures are tried again (${noPostgres ?? 'a real server'})`,
  async () => {
    await using world = await openWorkerWorld(await postgresWorld());
    await using receiver = await openReceiver();
    receiver.answer = 500;
    const { db } = world.store;
    const id = await hook(db, receiver, ['clip.*']);
    await using _deliveries = await openDeliveries(world.deps, local);
    for (let n = 1; n <= 20; n += 1) await happen(db, n);
    const queue = deliveryQueue(db);
    await until(async () => (await queue.list({ targetId: id, limit: 99 })).length === 20);
    await until(async () => (await queue.due(id, world.clock.now(), 99)).length === 0);
    receiver.answer = 200;
    world.clock.advance(60_000);
    await until(async () => (await queue.waiting(id)) === 0);
    expect(new Set(bodies(receiver).map((one) => one.subject)).size).toBe(20);
    expect(receiver.got.length).toBe(40);
    expect((await webhookStore(db).get(id))?.failingSince).toBeUndefined();
    expect(world.complaints).toEqual([]);
  },
);

test('a receiver that fails is tried eight times over a day, and the delivery says why', async () => {
  await using world = await openWorkerWorld();
  await using receiver = await openReceiver();
  receiver.answer = 503;
  receiver.answerBody = 'tomorrow';
  const { db } = world.store;
  const id = await hook(db, receiver);
  await using _deliveries = await openDeliveries(world.deps, local);
  await happen(db, 1);
  const queue = deliveryQueue(db);
  const only = async () => (await queue.list({ targetId: id, limit: 1 }))[0];
  for (let n = 1; n <= deliveryWaitsMs.length + 1; n += 1) {
    await until(async () => (await only())?.attempts === n);
    const now = await only();
    if (now?.state === 'failed') break;
    const wait = (now?.dueAt ?? 0) - world.clock.now();
    const nominal = deliveryWaitsMs[n - 1] ?? 0;
    expect(Math.abs(wait / nominal - 1)).toBeLessThanOrEqual(0.1);
    world.clock.advance(wait);
  }
  expect(receiver.got.length).toBe(8);
  expect(await only()).toMatchObject({
    state: 'failed',
    attempts: 8,
    status: 503,
    error: expect.stringContaining('answered 503'),
  });
  expect(new Set(bodies(receiver).map((one) => one.id)).size).toBe(1);
  expect(await queue.attempts((await only())?.id ?? '')).toHaveLength(8);
  expect(await webhookStore(db).get(id)).toMatchObject({ lastError: expect.any(String) });

  receiver.answer = 204;
  await queue.redeliver(id, (await only())?.id ?? '', world.clock.now());
  await until(async () => (await only())?.state === 'delivered');
  const webhook = await webhookStore(db).get(id);
  expect([webhook?.failingSince, webhook?.lastOkAt]).toEqual([undefined, world.clock.now()]);
});

test('a slow receiver holds up nobody else', async () => {
  await using world = await openWorkerWorld();
  await using slow = await openReceiver();
  await using quick = await openReceiver();
  slow.answer = 'hang';
  const { db } = world.store;
  for (let n = 0; n < 20; n += 1) await hook(db, slow);
  await hook(db, quick);
  const deliveries = await openDeliveries(world.deps, { ...local, timeoutMs: 60_000 });
  for (let n = 1; n <= 30; n += 1) await happen(db, n);
  await until(() => quick.got.length === 30);
  // Four of each of the first sixteen, and still one of each of the rest.
  expect(slow.got.length).toBeLessThanOrEqual(68);
  slow.answer = 200;
  await slow[Symbol.asyncDispose]();
  await deliveries[Symbol.asyncDispose]();
});

test('a receiver that does not answer in time is tried again; redirects are not followed', async () => {
  await using world = await openWorkerWorld();
  await using receiver = await openReceiver();
  await using other = await openReceiver();
  const { db } = world.store;
  const id = await hook(db, receiver);
  const queue = deliveryQueue(db);
  receiver.answer = 'hang';
  await using _deliveries = await openDeliveries(world.deps, { ...local, timeoutMs: 50 });
  await happen(db, 1);
  const only = async () => (await queue.list({ targetId: id, limit: 1 }))[0];
  await until(async () => (await only())?.attempts === 1);
  expect(await only()).toMatchObject({ error: expect.stringContaining('within 50 ms') });
  receiver.answer = 302;
  receiver.answerHeaders = { location: other.url };
  world.clock.advance(60_000);
  await until(async () => (await only())?.attempts === 2);
  expect(await only()).toMatchObject({ status: 302, error: expect.stringContaining('Redirects') });
  expect(other.got).toEqual([]);
  receiver.answer = 429;
  receiver.answerHeaders = { 'retry-after': '1800' };
  world.clock.advance(120_000);
  await until(async () => (await only())?.attempts === 3);
  expect((await only())?.dueAt).toBe(world.clock.now() + 1_800_000);
});

test('after three days of failure a webhook is switched off, and it is said', async () => {
  await using world = await openWorkerWorld();
  await using receiver = await openReceiver();
  receiver.answer = 500;
  const { db } = world.store;
  const id = await hook(db, receiver, ['clip.*']);
  await using _deliveries = await openDeliveries(world.deps, local);
  await happen(db, 1);
  await until(async () => (await webhookStore(db).get(id))?.failingSince !== undefined);
  world.clock.advance(webhookFailingMs);
  await until(async () => (await webhookStore(db).get(id))?.state === 'disabled');
  const webhook = await webhookStore(db).get(id);
  expect(webhook?.disabledWhy).toContain('Nothing arrived for 3 days');
  const said = await db
    .selectFrom('outbox')
    .select(['kind', 'subject'])
    .where('kind', '=', 'webhook.disabled')
    .execute();
  expect(said).toEqual([{ kind: 'webhook.disabled', subject: id }]);
  const sent = receiver.got.length;
  await happen(db, 2);
  world.clock.advance(60_000);
  await webhookStore(db).change(webhook ?? never(), { state: 'enabled' }, world.clock.now());
  receiver.answer = 200;
  await until(() =>
    bodies(receiver)
      .slice(sent)
      .some((one) => one.subject === 'clp_2'),
  );
});

test('a worker that dies at any point loses nothing and keeps the order of the rows', async () => {
  await using world = await openWorkerWorld();
  await using receiver = await openReceiver();
  const { db } = world.store;
  const id = await hook(db, receiver);
  let left = 0;
  // Writes of this worker fail from the n-th one on: as if it were killed there.
  const dying: Db = new Proxy(db, {
    get(target, name) {
      if (name === 'transaction' && (left -= 1) < 0) throw new Error('killed');
      const value = Reflect.get(target, name, target) as unknown;
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  for (let n = 1; n <= 12; n += 1) await happen(db, n);
  for (left = 0; left < 8; ) {
    const patience = left + 1;
    const worker = await openDeliveries({ ...world.deps, write: dying }, local);
    await until(() => left < 0);
    await worker[Symbol.asyncDispose]();
    left = patience;
  }
  const worker = await openDeliveries(world.deps, local);
  await until(async () => (await deliveryQueue(db).waiting(id)) === 0);
  await worker[Symbol.asyncDispose]();
  const rows = await deliveryQueue(db).list({ targetId: id, limit: 99 });
  const subjects = Array.from({ length: 12 }, (_, i) => `clp_${i + 1}`);
  const inOrder = rows.toSorted((a, b) => Number((a.seq ?? 0n) - (b.seq ?? 0n)));
  expect(inOrder.map((row) => row.subject)).toEqual(subjects);
  expect(new Set(bodies(receiver).map((one) => one.subject))).toEqual(new Set(subjects));
  expect(receiver.got.length).toBeGreaterThan(12);
});

test('behind many waiting deliveries the place of a webhook stands still', async () => {
  await using world = await openWorkerWorld();
  const { db } = world.store;
  const id = await hook(db, { url: 'http://127.0.0.1:9/' });
  const fill = openFill(world.deps);
  await db.transaction().execute(async (trx) => {
    for (let n = 1; n <= maxWaitingDeliveries + 700; n += 1) await happen(trx, n);
  });
  while (await fill());
  const waiting = await deliveryQueue(db).waiting(id);
  expect(waiting).toBe(maxWaitingDeliveries);
  await db.updateTable('delivery').set({ state: 'delivered' }).execute();
  while (await fill());
  expect(await deliveryQueue(db).waiting(id)).toBe(700);
});

test('while a secret is changed both sign', async () => {
  await using world = await openWorkerWorld();
  await using receiver = await openReceiver();
  const { db } = world.store;
  const id = await hook(db, receiver);
  const webhook = (await webhookStore(db).get(id)) ?? never();
  const at = world.clock.now();
  await webhookStore(db).rotate(webhook, 'whsec_new', { at, oldUntil: at + 1000 });
  await using _deliveries = await openDeliveries(world.deps, local);
  const signedBy = async (n: number): Promise<readonly boolean[]> => {
    await happen(db, n);
    await until(() => receiver.got.length === n);
    const { body = '', headers } = receiver.got[n - 1] ?? {};
    const header = String(headers?.['fieldloop-signature']);
    const of = { body, nowMs: world.clock.now() };
    return ['whsec_new', secret].map((one) => isSignedBy(header, { ...of, secret: one }));
  };
  expect(await signedBy(1)).toEqual([true, true]);
  world.clock.advance(1000);
  expect(await signedBy(2)).toEqual([true, false]);
});

function never(): never {
  throw new Error('it is there');
}
