/** The real uplink on a real buffer, against the cloud in memory, on one simulated clock. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  drawBytes,
  Fault,
  type Log,
  openIds,
  type Random,
  seededRandom,
  silentLog,
} from '@fieldloop/core';
import { assert, expect } from 'vitest';
import { event } from '../buffer/buffer.cases.ts';
import { type AgentBuffer, openBuffer } from '../buffer/buffer.ts';
import { type ClipWish, makeClip, type MadeClip, writePart } from '../buffer/clip-file.cases.ts';
import { openSqlite } from '../buffer/sqlite.ts';
import { TestClock } from './clock.cases.ts';
import { SimulatedCloud } from './cloud.cases.ts';
import { type Network, unknownNetwork } from './network.ts';
import type { UplinkPolicy } from './policies.ts';
import { openUplink, type Uplink } from './uplink.ts';

const credentials = { key: '', certificate: '', chain: '', ca: '' };

export class World {
  readonly dir: string;
  readonly random: Random;
  readonly clock = new TestClock();
  cloud: SimulatedCloud;
  readonly clips: MadeClip[] = [];
  events = 0;
  buffer: AgentBuffer | undefined;
  uplink: Uplink | undefined;
  /** The disk refuses every row, as one that turned read-only does. */
  isReadOnly = false;
  /** By `when`, as the configuration has them; and the networks by the robot's addresses. */
  policies: readonly UplinkPolicy[] = [];
  readonly networks: Record<string, Network> = {
    wlan0: { net: 'wifi', iface: 'wlan0' },
    wwan0: { net: 'lte', iface: 'wwan0' },
  };
  /** Warnings and errors of the log. */
  readonly complaints: string[] = [];

  constructor(dir: string, seed: string) {
    this.dir = dir;
    this.random = seededRandom(seed);
    this.cloud = new SimulatedCloud('amr-017', this.clock, this.random.fork('cloud'));
  }

  async start(): Promise<void> {
    const { clock, random } = this;
    const randomBytes = (n: number): Uint8Array => drawBytes(random, n);
    const ids = openIds({ clock, randomBytes });
    const complain = (phrase: string): void => void this.complaints.push(phrase);
    const log: Log = { ...silentLog, warn: complain, error: complain, child: () => log };
    const deps = { clock, ids, log };
    this.buffer = await openBuffer({
      ...deps,
      dir: this.dir,
      quotaBytes: 1e9,
      headroomBytes: 0,
      openSqlite: (path) => {
        const db = openSqlite(path);
        return {
          ...db,
          transaction: (body) => {
            if (this.isReadOnly) throw new Fault('unavailable', 'the disk is read-only');
            return db.transaction(body);
          },
        };
      },
    });
    this.uplink = openUplink({
      ...deps,
      buffer: this.buffer,
      identity: { ...credentials, device: this.cloud.device },
      brokerUrl: 'mqtts://simulated:8883',
      random: random.fork('uplink'),
      links: this.cloud.port,
      policies: this.policies,
      networkOf: (address = '') => this.networks[address] ?? unknownNetwork,
      reconnect: { mostMs: 5_000 },
    });
  }

  /** The robot is enrolled anew: a cloud knows nothing of a device it has not heard before. */
  become(device: string): void {
    this.cloud = new SimulatedCloud(device, this.clock, this.random.fork(device));
  }

  async stop(): Promise<void> {
    const closing = this.uplink?.close();
    await this.run(3_000);
    await closing;
    await this.buffer?.close();
    this.buffer = undefined;
  }

  async seal(payloadBytes: number, wish: ClipWish = {}): Promise<void> {
    assert(this.buffer !== undefined);
    const clip = makeClip(this.random, { payloadBytes, ...wish });
    this.clips.push(clip);
    await this.buffer.seal(await writePart(this.buffer.partPath(clip.clipId), clip));
  }

  addEvents(count: number): void {
    for (let i = 0; i < count; i += 1) {
      this.events += 1;
      this.buffer?.addEvent(event(`event-${this.events}`));
    }
  }

  /** The cloud's own clockwork runs along. */
  async run(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 10) {
      await this.clock.advance(10);
      this.cloud.tick();
    }
  }

  get isQuiet(): boolean {
    const status = this.uplink?.status();
    const ever = this.buffer?.counts().ever;
    if (status === undefined || ever === undefined) return false;
    const isSent = status.backlogClips === 0 && status.backlogRows === 0 && status.uploading === 0;
    return isSent && ever.acknowledged + ever.lost + ever.quarantined === ever.sealed;
  }
}

export async function expectQuiet(world: World, mostMs: number): Promise<void> {
  for (let passed = 0; passed < mostMs && !world.isQuiet; passed += 100) await world.run(100);
  const quiet = { backlogClips: 0, backlogRows: 0, uploading: 0 };
  expect(world.uplink?.status()).toMatchObject(quiet);
}

/** Every row and clip once and whole in the cloud, and nothing left in the buffer. */
export async function expectAllOnce(world: World): Promise<void> {
  const { cloud } = world;
  expect([...cloud.blobs.keys()].sort()).toEqual(world.clips.map((clip) => clip.sha256).sort());
  for (const clip of world.clips) {
    expect(Buffer.from(cloud.blobs.get(clip.sha256) ?? []).equals(clip.bytes)).toBe(true);
    expect(cloud.commits.get(clip.sha256)).toBe(1);
  }
  expect(cloud.rows.get('events')?.size ?? 0).toBe(world.events);
  expect(cloud.rows.get('manifests')?.size ?? 0).toBe(world.clips.length);
  for (const folder of await readdir(join(world.dir, 'clips'))) {
    expect(await readdir(join(world.dir, 'clips', folder))).toEqual([]);
  }
  expect(world.buffer?.counts().ever).toMatchObject({
    acknowledged: world.clips.length,
    lost: 0,
    evicted: 0,
    quarantined: 0,
  });
}
