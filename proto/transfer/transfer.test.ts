/**
 * Goal: whatever is lost, doubled, delayed or killed, a transfer ends with Done and equal bytes.
 * Method: both machines around a simulated link, disk and database; fast-check draws the history
 * and shrinks it. The sender may free its file only when the cloud's disk and rows hold it.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { maxChunkBytes } from '../limits.ts';
import type { Open, Transfer } from '../messages.ts';
import { newReceiver, receiverWakesAtMs, stepReceiver } from './receiver.ts';
import type { ReceiverInput, ReceiverOutput, ReceiverState } from './receiver-types.ts';
import { newSender, sendable, type SenderInput, stepSender } from './sender.ts';
import type { SenderOutput, SenderState } from './sender.ts';

interface Bulk {
  readonly tid: number;
  readonly epoch: number;
  readonly offset: number;
  readonly data: Uint8Array;
  readonly last: boolean;
}

/** Work on disk or database; it happens even when the state that asked for it is gone. */
type Effect = { readonly life: number; readonly epoch: number } & (
  | { readonly kind: 'begin' }
  | { readonly kind: 'sync'; readonly durable: number }
  | { readonly kind: 'row'; readonly durable: number }
  | { readonly kind: 'finish' }
);

type Without<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

const credit = 4096;

/** The cloud: what is in memory dies with `restart`, the rest is its disk. */
class Cloud {
  state: ReceiverState | undefined;
  life = 0;
  effects: Effect[] = [];
  part: number[] | undefined;
  synced = 0;
  row: { epoch: number; durable: number } | undefined;
  epoch = 0;
  blob: Uint8Array | undefined;
  isKnown = false;
  readonly out: Transfer[] = [];
  readonly epochs: number[] = [];
  readonly sha256: string;

  constructor(sha256: string) {
    this.sha256 = sha256;
  }

  input(input: Without<ReceiverInput, 'nowMs'>, nowMs: number, data?: Uint8Array): void {
    if (this.state === undefined) return;
    const [next, outputs] = stepReceiver(this.state, { ...input, nowMs });
    this.state = next;
    for (const output of outputs) this.carryOut(output, data);
  }

  carryOut(output: ReceiverOutput, data?: Uint8Array): void {
    switch (output.kind) {
      case 'send':
        this.say(output.message);
        return;
      case 'append':
        this.part?.push(...(data ?? []));
        assert.equal(this.state?.received, this.part?.length);
        return;
      case 'begin':
      case 'finish':
        this.ask({ kind: output.kind });
        return;
      case 'sync':
        assert.ok(!this.effects.some(({ kind, life }) => kind === 'sync' && life === this.life));
        this.ask({ kind: 'sync', durable: output.durable });
        return;
      case 'discard':
        this.part = undefined;
        this.synced = 0;
        this.row = undefined;
        return;
      case 'close':
        this.state = undefined;
        return;
    }
  }

  ask(effect: Without<Effect, 'life' | 'epoch'>): void {
    this.effects.push({ ...effect, life: this.life, epoch: this.state?.epoch ?? 0 });
  }

  /** Checks what the cloud promises against what its disk holds at this moment. */
  say(message: Transfer): void {
    if (message.kind === 'ack') assert.ok(message.ack.durable <= this.synced);
    if (message.kind === 'openAck' && message.openAck.epoch > 0) {
      assert.ok(message.openAck.durable <= this.synced);
      assert.equal(message.openAck.durable, this.part?.length);
      assert.ok(message.openAck.epoch > (this.epochs.at(-1) ?? 0));
      this.epochs.push(message.openAck.epoch);
    }
    this.out.push(message);
  }

  hear(message: Transfer, nowMs: number): void {
    if (message.kind === 'open') {
      if (this.state !== undefined) {
        this.input({ kind: 'open', open: message.open }, nowMs);
        return;
      }
      const [state, outputs] = newReceiver(message.open);
      this.state = state;
      this.life += 1;
      for (const output of outputs) this.carryOut(output);
    } else if (message.kind === 'cancel') {
      this.input({ kind: 'cancel', cancel: message.cancel }, nowMs);
    }
  }

  chunk(chunk: Bulk, nowMs: number): void {
    if (chunk.tid !== this.state?.open.tid) {
      const nack = { tid: chunk.tid, epoch: chunk.epoch, code: 'UNKNOWN' } as const;
      this.out.push({ kind: 'nack', nack: { ...nack, from: 0, retryAfterMs: 0, detail: '' } });
      return;
    }
    const { epoch, offset, last, data } = chunk;
    this.input({ kind: 'chunk', epoch, offset, length: data.length, last }, nowMs, data);
  }

  /** One effect comes to its end; the effects of a closed state still happen. */
  work(nowMs: number): void {
    const effect = this.effects.shift();
    if (effect === undefined) return;
    const isOurs = effect.life === this.life;
    if (effect.kind === 'begin') this.begin(nowMs, isOurs);
    if (effect.kind === 'sync') {
      this.synced = this.part?.length ?? 0;
      this.effects.push({ ...effect, kind: 'row' });
      if (isOurs) this.input({ kind: 'partSynced' }, nowMs);
    }
    if (effect.kind === 'row') {
      if (this.row?.epoch === effect.epoch) this.row.durable = effect.durable;
      if (isOurs) this.input({ kind: 'synced', durable: effect.durable }, nowMs);
    }
    if (effect.kind === 'finish') this.finish(nowMs, isOurs);
  }

  begin(nowMs: number, isOurs: boolean): void {
    if (this.isKnown) {
      if (isOurs) this.input({ kind: 'known' }, nowMs);
      return;
    }
    this.part ??= [];
    const durable = Math.min(this.row?.durable ?? 0, this.part.length);
    this.epoch += 1;
    this.row = { epoch: this.epoch, durable };
    this.part.length = durable;
    this.synced = durable;
    if (isOurs) this.input({ kind: 'begun', epoch: this.epoch, durable, credit }, nowMs);
  }

  finish(nowMs: number, isOurs: boolean): void {
    const bytes = Uint8Array.from(this.part ?? []);
    this.part = undefined;
    this.synced = 0;
    this.row = undefined;
    if (createHash('sha256').update(bytes).digest('hex') === this.sha256) {
      this.blob = bytes;
      this.isKnown = true;
      if (isOurs) this.input({ kind: 'stored' }, nowMs);
    } else if (isOurs) {
      this.input({ kind: 'differs' }, nowMs);
    }
  }

  /** Killed: unsynced bytes may be gone from any point on, a running effect did not happen. */
  restart(keep: number): void {
    this.state = undefined;
    this.effects = [];
    if (this.part !== undefined) {
      this.part.length = Math.min(this.part.length, Math.max(this.synced, keep));
    }
  }
}

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

  /** One event of the history; `dice` decides which and what becomes of a message. */
  event(dice: number, faults: boolean): void {
    const fate = faults ? Math.floor(dice / 16) % 8 : 7;
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
      case 9:
        return this.cloud.work(this.nowMs);
      case 10:
      case 11:
        return this.sendChunk();
      case 12:
        return this.advance(fate * 7);
      case 13:
        return this.advance(fate * 1000);
      case 14:
        return this.input({ kind: 'start' });
      default:
        if (!faults) return;
        if (fate === 0) this.cutLink();
        if (fate === 1) this.rebootDevice();
        if (fate === 2) this.cloud.restart(Math.floor(dice / 128) * 100);
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
      for (let dice = 0; dice < 12; dice += 1) this.event(dice, false);
      this.input({ kind: 'start' });
      this.advance(this.sender.phase === 'waiting' ? 5000 : 10);
    }
  }
}

const history = fc.record({
  size: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 20_000 })),
  chunkBytes: fc.integer({ min: 100, max: 5000 }),
  events: fc.array(fc.nat(4095), { maxLength: 600, size: 'max' }),
});

test('any history of losses, doubles, late messages and kills ends with Done and equal bytes', () => {
  fc.assert(
    fc.property(history, ({ size, chunkBytes, events }) => {
      const file = Uint8Array.from({ length: size }, (_, i) => (i * 31 + (i >> 8)) & 255);
      const world = new World(file, chunkBytes);
      for (const dice of events) world.event(dice, true);
      world.runUntilDone();
      expect(world.isFreed).toBe(true);
      expect(world.sender.phase).toBe('done');
    }),
    { numRuns: 400 },
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
