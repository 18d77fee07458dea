/**
 * Goal: an artifact is in its place only with the bytes of its name, whatever link and disk do, and
 * nothing that is not wanted is ever taken.
 * Method: the real driver and shelf on a real folder against the sending machine of the wire;
 * fast-check draws cuts, losses and damage, and the robot is killed at every step of its disk.
 */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { drawBytes, seededRandom, sha256Hex, silentLog } from '@fieldloop/core';
import {
  encodeChunk,
  newSender,
  sendable,
  type SenderInput,
  type SenderState,
  stepSender,
  type Transfer,
} from '@fieldloop/proto';
import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { type ArtifactShelf, openArtifacts } from '../buffer/artifacts.ts';
import { type Disk, systemDisk } from '../buffer/disk.ts';
import { type Downloads, openDownloads } from './downloads.ts';

const random = seededRandom('artifact');
const bytes = drawBytes(random, 700_000);
const ref = { sha256: sha256Hex(bytes), sizeBytes: bytes.length };

let dirs: string[] = [];
afterEach(async () => {
  for (const dir of dirs) await rm(dir, { recursive: true });
  dirs = [];
});

async function newDir(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'fl-downloads-'));
  dirs.push(dir);
  return dir;
}

/** A disk of a process that is killed before its `lastStep`th durable step. */
function dyingDisk(lastStep: number): Disk & { readonly isDead: () => boolean } {
  let steps = 0;
  const step = async (): Promise<void> => {
    steps += 1;
    if (steps >= lastStep) throw new Error('killed');
    return await Promise.resolve();
  };
  return {
    isDead: () => steps >= lastStep,
    makeFolders: async (paths) => await systemDisk.makeFolders(paths),
    free: async (path) => await systemDisk.free(path),
    rename: async (from, to) => {
      await step();
      await systemDisk.rename(from, to);
    },
    syncFile: async (path) => {
      await step();
      await systemDisk.syncFile(path);
    },
    syncFolder: async (path) => {
      await step();
      await systemDisk.syncFolder(path);
    },
    remove: async (path) => {
      await step();
      await systemDisk.remove(path);
    },
    replaceFile: async (path, content) => {
      await step();
      await systemDisk.replaceFile(path, content);
    },
    replaceFileNow: (path, content) => systemDisk.replaceFileNow(path, content),
  };
}

class World {
  readonly dir: string;
  nowMs = 0;
  sender: SenderState | undefined;
  up: Transfer[] = [];
  down: (Transfer | Uint8Array)[] = [];
  stored: string[] = [];
  faults: string[] = [];
  epochs: number[] = [];
  #tid = 0;
  shelf!: ArtifactShelf;
  downloads!: Downloads;

  constructor(dir: string) {
    this.dir = dir;
  }

  async boot(disk: Disk = systemDisk): Promise<void> {
    this.up = [];
    this.down = [];
    this.sender = undefined;
    this.shelf = await openArtifacts({ dir: this.dir, headroomBytes: 0, disk });
    this.downloads = openDownloads({
      shelf: this.shelf,
      clock: {
        now: () => this.nowMs,
        monotonicMs: () => this.nowMs,
        sleep: () => Promise.resolve(),
      },
      random: seededRandom('waits'),
      log: silentLog,
      bytesPerSecond: 1e6,
      onStored: ({ sha256 }) => this.stored.push(sha256),
      onFault: (_, { code }) => this.faults.push(code),
    });
    this.downloads.want([ref]);
  }

  /** The cloud hears one message. */
  hear(message: Transfer): void {
    if (message.kind === 'openAck' && message.openAck.epoch > 0) {
      assert.ok(message.openAck.epoch > (this.epochs.at(-1) ?? 0));
      this.epochs.push(message.openAck.epoch);
    }
    if (message.kind !== 'fetch') {
      this.input({ kind: 'message', message });
      return;
    }
    if (this.sender !== undefined) return;
    this.#tid += 1;
    const tid = this.#tid;
    this.sender = newSender({ tid, ...ref, content: 'artifact', chunkMax: 65_536 });
    this.input({ kind: 'start' });
  }

  input(input: { kind: SenderInput['kind'] } & Record<string, unknown>): void {
    if (this.sender === undefined) return;
    const whole = { ...input, nowMs: this.nowMs, draw: 0.5 } as unknown as SenderInput;
    const [state, outputs] = stepSender(this.sender, whole);
    this.sender = state;
    for (const output of outputs) {
      if (output.kind === 'send') this.down.push(output.message);
      if (output.kind === 'checkFile') this.input({ kind: 'fileChecked', equal: true });
      if (output.kind === 'done' || output.kind === 'refused') this.sender = undefined;
    }
  }

  sendChunk(): void {
    const window = this.sender === undefined ? undefined : sendable(this.sender);
    if (window === undefined || this.sender === undefined) return;
    const to = Math.min(window.to, window.from + 65_536);
    const { open, epoch } = this.sender;
    const head = { tid: open.tid, epoch, offset: window.from, last: to === open.sizeBytes };
    this.down.push(encodeChunk(head, bytes.subarray(window.from, to)));
    this.input({ kind: 'sent', from: window.from, to });
  }

  cut(): void {
    this.up = [];
    this.down = [];
    this.sender = undefined;
    this.downloads.linkLost();
  }

  /** One round of everything that can happen, `dice` decides what goes wrong. */
  async round(dice: number): Promise<void> {
    this.nowMs += 50;
    this.downloads.tick((message) => this.up.push(message));
    for (const message of this.up.splice(0)) if (dice !== 1) this.hear(message);
    for (let i = 0; i < 3; i += 1) this.sendChunk();
    if (dice === 2) this.cut();
    for (const message of this.down.splice(0)) {
      if (!(message instanceof Uint8Array)) this.downloads.receive(message);
      else if (dice !== 3) this.downloads.chunk(dice === 4 ? damaged(message) : message);
    }
    await this.downloads.settled();
    if (dice === 5) {
      this.nowMs += 6_000;
      this.input({ kind: 'tick' });
      this.input({ kind: 'start' });
    }
  }

  async untilStored(): Promise<void> {
    for (let i = 0; i < 5_000 && !this.shelf.has(ref.sha256); i += 1) {
      await this.round(i % 50 === 49 ? 5 : 0);
    }
    assert.equal(sha256Hex(await readFile(this.shelf.pathOf(ref.sha256))), ref.sha256);
    assert.ok(!this.downloads.isWanted);
    await this.downloads.close();
  }
}

function damaged(frame: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(frame);
  copy[copy.length - 1] = (copy[copy.length - 1] ?? 0) ^ 1;
  return copy;
}

test('whatever the link loses, damages or cuts, the artifact comes whole', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 40 }), async (dices) => {
      const world = new World(await newDir());
      await world.boot();
      for (const dice of dices) await world.round(dice);
      await world.untilStored();
      expect(world.stored).toEqual([ref.sha256]);
    }),
    { numRuns: 40 },
  );
});

test('killed before every step of its disk, the robot goes on from what is durable', async () => {
  let step = 1;
  for (let isOver = false; !isOver; step += 1) {
    const world = new World(await newDir());
    const disk = dyingDisk(step);
    await world.boot(disk);
    for (let i = 0; i < 100 && !disk.isDead() && !world.shelf.has(ref.sha256); i += 1) {
      await world.round(0);
    }
    isOver = !disk.isDead();
    await world.boot();
    await world.untilStored();
  }
  // A row before the part, one each quarter of the credit, rename, folder, row, part.
  expect(step).toBeGreaterThan(12);
}, 20_000);

test('a part that is not what its row says, or was cut, begins again', async () => {
  const world = new World(await newDir());
  await world.boot();
  for (let i = 0; i < 4; i += 1) await world.round(0);
  world.cut();
  await world.downloads.settled();
  expect(world.shelf.heldBytes([ref])).toBeGreaterThan(0);
  await rm(join(world.dir, 'parts'), { recursive: true });
  await world.boot();
  await world.untilStored();
});

test('an Open of what nobody wants is refused, and of another size too', async () => {
  const world = new World(await newDir());
  await world.boot();
  world.downloads.tick((message) => world.up.push(message));
  const open = { tid: 9, content: 'artifact', chunkMax: 65_536 } as const;
  const offers = [
    { ...open, sha256: 'f'.repeat(64), sizeBytes: 10 },
    { ...open, sha256: ref.sha256, sizeBytes: ref.sizeBytes - 1 },
    { ...open, ...ref, content: 'clip' as const },
  ];
  for (const offer of offers) world.downloads.receive({ kind: 'open', open: offer });
  const answers = world.up.flatMap((m) => (m.kind === 'openAck' ? [m.openAck.code] : []));
  expect(answers).toEqual(['UNWANTED', 'UNWANTED', 'KIND']);
  await world.downloads.close();
});

test('what is refused is told, and what is not wanted any more leaves no part', async () => {
  const world = new World(await newDir());
  await world.boot();
  for (let i = 0; i < 3; i += 1) await world.round(0);
  world.downloads.want([]);
  await world.downloads.settled();
  await world.shelf.keepOnly(new Set());
  expect(world.shelf.heldBytes([ref])).toBe(0);
  world.downloads.want([ref]);
  const refusal = { epoch: 0, durable: 0, credit: 0, chunkMax: 0, slot: '', retryAfterMs: 0 };
  const openAck = { tid: 0, sha256: ref.sha256, state: 'refused', code: 'UNWANTED' } as const;
  world.downloads.receive({ kind: 'openAck', openAck: { ...openAck, ...refusal } });
  expect(world.faults).toEqual(['unwanted']);
  await world.downloads.close();
});
