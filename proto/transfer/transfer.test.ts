/**
 * Goal: whatever is lost, doubled, delayed, killed or refused by disk and database, a transfer ends
 * with Done and equal bytes, and an Open waits only for rows that are under way.
 * Method: both machines around a simulated link, disk and database; fast-check draws the history
 * and shrinks it. The sender may free its file only when the cloud's disk and rows hold it.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { maxChunkBytes } from '../limits.ts';
import type { Open, Transfer } from '../messages.ts';
import { type Bulk, Cloud, type Without } from './cloud.cases.ts';
import { receiverWakesAtMs } from './receiver.ts';
import { newSender, sendable, type SenderInput, stepSender } from './sender.ts';
import type { SenderOutput, SenderState } from './sender.ts';

class World {
  nowMs = 0;
  readonly file: Uint8Array;
  readonly cloud: Cloud;
  sender: SenderState;
  tid = 1;
  up: Transfer[] = [];
  bulk: Bulk[] = [];
  isFreed = false;
  readonly chunkBytes: number;

  constructor(file: Uint8Array, chunkBytes: number) {
    this.file = file;
    this.chunkBytes = chunkBytes;
    this.cloud = new Cloud(createHash('sha256').update(file).digest('hex'));
    this.sender = newSender(this.offer());
  }

  offer(): Open {
    return {
      tid: this.tid,
      sha256: this.cloud.sha256,
      sizeBytes: this.file.length,
      content: 'clip',
      chunkMax: maxChunkBytes,
    };
  }

  input(input: Without<SenderInput, 'nowMs' | 'draw'>): void {
    const now = { nowMs: this.nowMs, draw: 0.5 };
    const [next, outputs] = stepSender(this.sender, { ...input, ...now });
    this.sender = next;
    for (const output of outputs) this.carryOut(output);
  }

  carryOut(output: SenderOutput): void {
    if (output.kind === 'send') this.up.push(output.message);
    if (output.kind === 'checkFile') this.input({ kind: 'fileChecked', equal: true });
    if (output.kind === 'reconnect') this.cutLink();
    if (output.kind === 'refused') throw new Error(`refused with ${output.code}`);
    if (output.kind === 'done') {
      assert.ok(this.cloud.isKnown);
      assert.equal(Buffer.compare(this.cloud.blob ?? Buffer.of(), this.file), 0);
      this.isFreed = true;
    }
  }

  sendChunk(): void {
    const window = sendable(this.sender);
    if (window === undefined) return;
    const to = Math.min(window.to, window.from + this.chunkBytes);
    const data = this.file.subarray(window.from, to);
    const { epoch, open } = this.sender;
    const last = to === this.file.length;
    this.bulk.push({ tid: open.tid, epoch, offset: window.from, data, last });
    this.input({ kind: 'sent', from: window.from, to });
  }

  /** What was under way may still arrive later. */
  cutLink(): void {
    this.input({ kind: 'linkLost' });
    this.cloud.input({ kind: 'linkLost' }, this.nowMs);
  }

  rebootDevice(): void {
    if (this.isFreed) return;
    this.tid += 1;
    this.sender = newSender(this.offer());
  }

  /** One event of the history; `dice` decides which and what becomes of it. */
  event(dice: number, faults: Faults): void {
    const drawn = Math.floor(dice / 16) % 8;
    const fate = faults.link ? drawn : 7;
    const fails = faults.work && drawn === 0;
    switch (dice % 16) {
      case 0:
      case 1:
        return this.move(this.up, fate, (m) => this.cloud.hear(m, this.nowMs));
      case 2:
      case 3:
      case 4:
        return this.move(this.bulk, fate, (chunk) => this.cloud.chunk(chunk, this.nowMs));
      case 5:
      case 6:
      case 7:
        return this.move(this.cloud.out, fate, (message) => {
          this.input({ kind: 'message', message });
        });
      case 8:
        return this.cloud.work(this.nowMs, fails);
      case 9:
        // The database is the slower of the two, so that rows of several syncs are under way.
        if (drawn < 3 || !faults.work) this.cloud.writeRow(this.nowMs, faults.work && drawn < 2);
        return;
      case 10:
      case 11:
        return this.sendChunk();
      case 12:
        return this.advance(drawn * 7);
      case 13:
        return this.advance(drawn * 1000);
      case 14:
        return this.input({ kind: 'start' });
      default:
        if (faults.link && drawn === 0) this.cutLink();
        if (faults.ends && drawn % 2 === 1) this.rebootDevice();
        if (faults.ends && drawn === 2) this.cloud.restart(Math.floor(dice / 128) * 100);
    }
  }

  /** Delivers the oldest: 0 loses it, 1 delivers it twice, 2 lets the one behind it pass. */
  move<T>(queue: T[], fate: number, deliver: (item: T) => void): void {
    const item = fate === 2 && queue.length > 1 ? queue.splice(1, 1)[0] : queue.shift();
    if (item === undefined || fate === 0) return;
    deliver(item);
    if (fate === 1) deliver(item);
  }

  advance(ms: number): void {
    this.nowMs += ms;
    this.input({ kind: 'tick' });
    const { state } = this.cloud;
    if (state !== undefined && receiverWakesAtMs(state) <= this.nowMs) {
      this.cloud.input({ kind: 'tick' }, this.nowMs);
    }
  }

  /** Nothing fails any more: each round everything that can happen happens. */
  runUntilDone(): void {
    for (let round = 0; round < 3000 && !this.isFreed; round += 1) {
      for (let dice = 0; dice < 12; dice += 1) this.event(dice, noFaults);
      this.input({ kind: 'start' });
      this.advance(this.sender.phase === 'waiting' ? 5000 : 10);
    }
  }
}

/** Each history draws its own: where everything fails, nothing comes far enough to meet a race. */
interface Faults {
  /** Messages are lost, doubled and overtaken, and links drop. */
  readonly link: boolean;
  /** Disk and database fail what the receiver asks of them. */
  readonly work: boolean;
  /** The device starts again; the cloud is killed. */
  readonly ends: boolean;
}

const noFaults: Faults = { link: false, work: false, ends: false };

const history = fc.record({
  faults: fc.record({ link: fc.boolean(), work: fc.boolean(), ends: fc.boolean() }),
  size: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 20_000 })),
  chunkBytes: fc.integer({ min: 100, max: 5000 }),
  events: fc.noBias(fc.array(fc.nat(4095), { maxLength: 600, size: 'max' })),
});

test('any history of losses, doubles, late messages, failures and kills ends with Done and equal bytes', () => {
  fc.assert(
    fc.property(history, ({ faults, size, chunkBytes, events }) => {
      const file = Uint8Array.from({ length: size }, (_, i) => (i * 31 + (i >> 8)) & 255);
      const world = new World(file, chunkBytes);
      for (const dice of events) world.event(dice, faults);
      world.runUntilDone();
      expect(world.isFreed).toBe(true);
      expect(world.sender.phase).toBe('done');
    }),
    { numRuns: 1_500 },
  );
});

test('without faults no byte is sent twice and each epoch is used once', () => {
  const world = new World(new Uint8Array(50_000).fill(7), 1000);
  let sentBytes = 0;
  const push = world.bulk.push.bind(world.bulk);
  world.bulk.push = (...chunks) => {
    for (const chunk of chunks) sentBytes += chunk.data.length;
    return push(...chunks);
  };
  world.runUntilDone();
  expect(world.isFreed).toBe(true);
  expect(sentBytes).toBe(50_000);
  expect(world.cloud.epochs).toEqual([1]);
});
