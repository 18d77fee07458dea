/**
 * Goal: kill -9 of the worker loses no event, no alert and no message.
 * Method: the worker in a process of its own, killed again and again while rows come and while its
 * messages are on their way; then one that may live.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { systemIds } from '@fieldloop/core/system';
import { expect, test } from 'vitest';
import { alertStore } from '../alert/alert-store.ts';
import { policyStore } from '../alert/policy-store.ts';
import { channelStore } from '../channel/store.ts';
import { putOutbox } from '../store/outbox.ts';
import { sqliteWorld } from '../store/sqlite.sample.ts';
import { outboxEnd } from '../store/tail.ts';
import { webhookStore } from '../webhook/store.ts';
import { openReceiver, until } from './worker.sample.ts';

const program = fileURLToPath(new URL('worker-process.sample.ts', import.meta.url));

const start = (path: string): ChildProcess =>
  spawn(process.execPath, [program, path], { stdio: ['ignore', 'ignore', 'inherit'] });

async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}

test('killed twice: every row and every alert arrives, each under one id', async () => {
  await using world = await sqliteWorld();
  await using receiver = await openReceiver();
  const { db } = world;
  const at = Date.now();
  const wanted = { id: 'whk_1', name: 'ci', url: receiver.url, kinds: ['clip.*'], secret: 's', at };
  await webhookStore(db).create({ ...wanted, state: 'enabled', cursor: await outboxEnd(db) });
  const config = { kind: 'webhook' as const, url: receiver.url };
  await channelStore(db).create({
    id: 'chn_1',
    name: 'ops',
    enabled: true,
    config,
    secret: {},
    at,
  });
  await policyStore(db).create(
    {
      name: 'halted',
      enabled: true,
      severity: 'critical',
      condition: { kind: 'event', event: 'publication.halted', withinS: 3600 },
      forS: 0,
      groupBy: 'none',
      channels: ['chn_1'],
      escalateTo: [],
    },
    { id: systemIds.ulid('pol'), by: 'usr_1', at },
  );
  let sent = 0;
  const happen = async (rows: number): Promise<void> => {
    await db.transaction().execute(async (trx) => {
      for (let n = 0; n < rows; n += 1) {
        sent += 1;
        await putOutbox(trx, { kind: 'clip.stored', subject: `clp_${sent}`, at, body: {} });
      }
    });
  };
  await putOutbox(db, { kind: 'publication.halted', subject: 'pub_1', at, body: {} });
  // Killed when its first messages have come, with others on their way.
  for (let n = 0; n < 2; n += 1) {
    await happen(40);
    const before = receiver.got.length;
    const child = start(world.path);
    await until(() => receiver.got.length > before + 5);
    await kill(child);
  }
  const last = start(world.path);
  const messages = () =>
    receiver.got.map(
      ({ body }) => JSON.parse(body) as { id: string; kind: string; subject?: string },
    );
  const subjects = (): ReadonlySet<string> =>
    new Set(messages().flatMap(({ subject }) => (subject === undefined ? [] : [subject])));
  const notified = () => messages().filter(({ kind }) => kind === 'notification');
  await until(() => subjects().size === sent && notified().length > 0);
  await kill(last);
  expect(sent).toBe(80);
  // What came twice came under the same id.
  expect(new Set(messages().map(({ id }) => id)).size).toBe(sent + 1);
  const tracked = await alertStore(db).tracked();
  expect(tracked).toMatchObject([{ state: 'firing', policy: { name: 'halted' } }]);
});
