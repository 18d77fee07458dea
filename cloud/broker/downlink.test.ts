/**
 * Goal: what a device should have and do reaches it whenever it is there, once in effect however
 * often it is sent, and its word about it is kept. Method: a whole line with raw MQTT devices, and
 * either database as another process would use it.
 */
import { canonicalJson, sha256Hex } from '@fieldloop/core';
import { systemIds } from '@fieldloop/core/system';
import {
  type Command,
  commandSection,
  decodeCommand,
  decodeDesired,
  type Desired,
  downTopic,
  encodeReported,
  encodeStatus,
  encodeTelemetry,
  fleetFeature,
  upTopic,
} from '@fieldloop/proto';
import type { MqttClient } from 'mqtt';
import { expect, test } from 'vitest';
import type { CommandState } from '../command/command.ts';
import { commandStore } from '../command/store.ts';
import { deviceStore } from '../device/store.ts';
import { queueCommand } from '../store/command-queue.ts';
import { setDesired } from '../store/desired.ts';
import { deviceIdOf } from '../store/device-ref.ts';
import { noPostgres, postgresWorld } from '../store/postgres.sample.ts';
import { telemetryStore } from '../store/telemetry.ts';
import type { Line } from './line.ts';
import { type Identity, type LineWorld, openLineWorld, statusOf } from './line.sample.ts';

interface Robot {
  readonly control: MqttClient;
  nextCommand(): Promise<Command>;
  nextDesired(): Promise<Desired>;
  /** Resolves when every message up to now has come. */
  status(conn: bigint, features?: bigint): Promise<void>;
  report(seq: bigint, section: string, document: object): Promise<void>;
}

async function openRobot(world: LineWorld, who: Identity, line?: Line): Promise<Robot> {
  const { device } = who;
  const control = await world.connect(who, 'control', line === undefined ? {} : { line });
  const commands = inbox<Command>();
  const desired = inbox<Desired>();
  control.on('message', (topic, payload) => {
    if (topic === downTopic(device, 'command')) commands.put(decodeCommand(payload));
    if (topic === downTopic(device, 'desired')) desired.put(decodeDesired(payload));
  });
  await control.subscribeAsync([downTopic(device, 'command'), downTopic(device, 'desired')], {
    qos: 1,
  });
  const publish = async (topic: string, bytes: Uint8Array, retain = false): Promise<void> => {
    await control.publishAsync(topic, Buffer.from(bytes), { qos: 1, retain });
  };
  return {
    control,
    nextCommand: async () => await commands.take(),
    nextDesired: async () => await desired.take(),
    status: async (conn, features = fleetFeature) =>
      await publish(upTopic(device, 'status'), encodeStatus({ ...statusOf(conn), features }), true),
    report: async (seq, section, document) => {
      const sha256 = sha256Hex(canonicalJson(document as never));
      const text = canonicalJson({ ...document, digest: sha256 });
      const row = { origin: 1n, seq, section, generation: 1n, sha256, document: text };
      await publish(upTopic(device, 'reported'), encodeReported(row));
    },
  };
}

function inbox<T>() {
  const items: T[] = [];
  let wake = (): void => {};
  return {
    put(item: T): void {
      items.push(item);
      wake();
    },
    async take(): Promise<T> {
      for (;;) {
        const item = items.shift();
        if (item !== undefined) return item;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}

async function ping(world: LineWorld, device: string): Promise<string> {
  return await world.db.transaction().execute(async (trx) => {
    const deviceId = await deviceIdOf(trx, device);
    const at = Date.now();
    const wish = { kind: 'ping', input: {}, by: 'test', ids: systemIds } as const;
    return (await queueCommand(trx, { ...wish, deviceId, at, expiresAt: at + 60_000 })).id;
  });
}

/** Until the writer has committed what is on its way. */
async function becomes(world: LineWorld, id: string, state: CommandState): Promise<void> {
  for (;;) {
    const command = await commandStore(world.db).get(id);
    if (command?.state === state) return;
    await nextTurn();
  }
}

const nextTurn = async (): Promise<void> =>
  await new Promise((resolve) => {
    setImmediate(resolve);
  });

const done = (id: string) => ({
  id,
  kind: 'ping',
  state: 'done',
  at: 5,
  result: { agentVersion: '0.2.0' },
});

const databases = [
  { database: 'sqlite', skip: '', open: async () => await openLineWorld() },
  {
    database: 'postgres',
    skip: noPostgres ?? '',
    open: async () => {
      const { db, url, ...world } = await postgresWorld();
      return await openLineWorld({ ...world, db, address: { kind: 'postgres', url } });
    },
  },
];

for (const { database, skip, open } of databases) {
  test.skipIf(skip !== '')(
    `${database}: a command waits for its device, goes with its first word, and ends with its report`,
    async () => {
      await using world = await open();
      const who = await world.enrolled('amr-01');
      const id = await ping(world, 'amr-01');
      const robot = await openRobot(world, who);
      expect((await commandStore(world.db).get(id))?.state).toBe('queued');
      await robot.status(1n);
      const command = await robot.nextCommand();
      expect(command).toMatchObject({ kind: 'ping' });
      await becomes(world, id, 'sent');
      await robot.report(1n, commandSection(command.id), done(command.id));
      await robot.report(2n, commandSection(command.id), { ...done(command.id), at: 6 });
      await becomes(world, id, 'done');
      expect(await commandStore(world.db).get(id)).toMatchObject({
        result: { agentVersion: '0.2.0' },
      });
      const reports = world.db.selectFrom('device_report').select('section').execute();
      expect(await reports).toEqual([]);
    },
  );

  test.skipIf(skip !== '')(
    `${database}: a device that is there gets what another process asks of it, and again after a restart`,
    async () => {
      await using world = await open();
      const who = await world.enrolled('amr-01');
      const robot = await openRobot(world, who);
      await robot.status(1n);
      expect(await robot.nextDesired()).toEqual({
        generation: 0n,
        features: fleetFeature,
        sections: [],
      });
      const deviceId = await deviceIdOf(world.db, 'amr-01');
      const set = async (document: object): Promise<void> => {
        const wish = { deviceId, section: 'rules', document: document as never, at: 1 };
        await world.db.transaction().execute(async (trx) => void (await setDesired(trx, wish)));
      };
      await set({ a: 1 });
      expect(await robot.nextDesired()).toMatchObject({ sections: [{ generation: 1n }] });
      const id = await ping(world, 'amr-01');
      const first = await robot.nextCommand();
      await becomes(world, id, 'sent');
      await world.restart();
      const again = await openRobot(world, who);
      await again.status(2n);
      expect((await again.nextCommand()).id).toBe(first.id);
      expect(await again.nextDesired()).toMatchObject({
        sections: [{ name: 'rules', document: { a: 1 } }],
      });
      await set({ a: 2 });
      expect(await again.nextDesired()).toMatchObject({ sections: [{ document: { a: 2 } }] });
    },
  );

  test.skipIf(skip !== '')(
    `${database}: an agent that does not know of commands is sent none`,
    async () => {
      await using world = await open();
      const who = await world.enrolled('amr-01');
      const id = await ping(world, 'amr-01');
      const old = await openRobot(world, who);
      await old.status(1n, 0n);
      const robot = await openRobot(world, who);
      await robot.status(2n);
      const command = await robot.nextCommand();
      await becomes(world, id, 'sent');
      expect(command.kind).toBe('ping');
    },
  );

  test.skipIf(skip !== '')(
    `${database}: a device whose right ends elsewhere is cut off`,
    async () => {
      await using world = await open();
      const who = await world.enrolled('amr-01');
      const robot = await openRobot(world, who);
      await robot.status(1n);
      await robot.nextDesired();
      const closed = new Promise<void>((resolve) => {
        robot.control.once('close', () => resolve());
      });
      const at = Date.now();
      await world.db
        .transaction()
        .execute(async (trx) => await deviceStore(trx).revoke('amr-01', at));
      await closed;
      await expect(openRobot(world, who)).rejects.toThrow(/closed|authorized/);
    },
  );

  test.skipIf(skip !== '')(
    `${database}: a device that moves to another node is served there, and stays online`,
    async () => {
      await using world = await open();
      const other = await world.openNode('b');
      const who = await world.enrolled('amr-01');
      const robot = await openRobot(world, who);
      await robot.status(1n);
      await robot.nextDesired();
      // The first node does not know yet that this robot has gone.
      const moved = await openRobot(world, who, other);
      await moved.status(2n);
      await moved.nextDesired();
      const first = await ping(world, 'amr-01');
      const command = await moved.nextCommand();
      await moved.report(1n, commandSection(command.id), done(command.id));
      await becomes(world, first, 'done');
      const rows = async () =>
        await world.db
          .selectFrom('connection')
          .select(['node', 'closed_at'])
          .where('closed_at', 'is not', null)
          .execute();
      robot.control.end(true);
      while ((await rows()).length === 0) await nextTurn();
      expect(await rows()).toMatchObject([{ node: 'local' }]);
      expect((await deviceStore(world.db).get('amr-01'))?.presence.online).toBe(true);
      const closed = new Promise<void>((resolve) => {
        moved.control.once('close', () => resolve());
      });
      await world.db
        .transaction()
        .execute(async (trx) => await deviceStore(trx).revoke('amr-01', Date.now()));
      await closed;
    },
  );

  test.skipIf(skip !== '')(
    `${database}: telemetry becomes minutes; more than a device may say is dropped`,
    async () => {
      await using world = await open();
      const who = await world.enrolled('amr-01');
      const robot = await openRobot(world, who);
      await robot.status(1n);
      const deviceId = await deviceIdOf(world.db, 'amr-01');
      const { bootId } = statusOf(1n);
      const say = async (seq: bigint, value: number): Promise<void> => {
        const series = [
          { name: 'agent.rss', unit: 'B', value: 1 },
          { name: 'agent.rss', unit: 'B', value },
        ];
        const bytes = encodeTelemetry({ bootId, seq, atMs: 5, series });
        await robot.control.publishAsync(upTopic('amr-01', 'telemetry'), Buffer.from(bytes), {
          qos: 0,
        });
      };
      for (let n = 1; n <= 40; n += 1) await say(BigInt(n), n);
      // The next message that is acknowledged came behind all of them.
      await robot.status(2n);
      const [latest] = await telemetryStore(world.db).latest(deviceId);
      expect(latest).toMatchObject({ series: 'agent.rss', unit: 'B' });
      // Six at once, and one each ten seconds.
      expect(latest?.value).toBeGreaterThanOrEqual(6);
      expect(latest?.value).toBeLessThan(20);
    },
  );
}
