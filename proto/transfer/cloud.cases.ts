/**
 * A cloud on a simulated disk and database, for tests of both machines together: it asserts at each
 * word that what is promised is safe, and that the receiver counts its work rightly.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { Transfer } from '../messages.ts';
import { newReceiver, stepReceiver } from './receiver.ts';
import type { ReceiverInput, ReceiverOutput, ReceiverState } from './receiver-types.ts';

export interface Bulk {
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

export type Without<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

const credit = 4096;

/** The cloud: what is in memory dies with `restart`, the rest is its disk. */
export class Cloud {
  state: ReceiverState | undefined;
  life = 0;
  effects: Effect[] = [];
  /** Rows on their way to the database, beside the part's own work. */
  rows: (Effect & { readonly kind: 'row' })[] = [];
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
    this.expectCounted();
  }

  /** A count of rows under way that is wrong once makes every later Open wait for ever. */
  expectCounted(): void {
    const { state } = this;
    if (state?.phase !== 'receiving') return;
    const underWay = [...this.effects, ...this.rows].filter(
      (effect) =>
        (effect.kind === 'sync' || effect.kind === 'row') &&
        this.isOurs(effect) &&
        effect.epoch === state.epoch,
    );
    assert.equal(state.unrowed, underWay.length);
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

  isOurs(effect: Effect): boolean {
    return effect.life === this.life;
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

  /** One effect comes to its end, or fails; the effects of a closed state still happen. */
  work(nowMs: number, fails: boolean): void {
    const effect = this.effects[0];
    if (effect === undefined) return;
    // The database takes calls in order: those of `begin` and `finish` come after all rows.
    if (effect.kind !== 'sync') while (this.rows.length > 0) this.writeRow(nowMs, false);
    this.effects.shift();
    const isOurs = this.isOurs(effect);
    if (fails) {
      if (isOurs) this.fail(effect, nowMs);
      return;
    }
    const { epoch } = effect;
    if (effect.kind === 'begin') this.begin(nowMs, isOurs);
    if (effect.kind === 'sync') {
      this.synced = this.part?.length ?? 0;
      this.rows.push({ ...effect, kind: 'row' });
      if (isOurs) this.input({ kind: 'partSynced', epoch }, nowMs);
    }
    if (effect.kind === 'finish') this.finish(nowMs, isOurs);
  }

  writeRow(nowMs: number, fails: boolean): void {
    const row = this.rows.shift();
    if (row === undefined) return;
    const { epoch, durable } = row;
    const isOurs = this.isOurs(row);
    if (fails) {
      if (isOurs) this.fail(row, nowMs);
      return;
    }
    if (this.row?.epoch === epoch) this.row.durable = durable;
    if (isOurs) this.input({ kind: 'synced', epoch, durable }, nowMs);
  }

  fail({ kind, epoch }: Effect, nowMs: number): void {
    const why = { code: 'IO', detail: 'it failed' } as const;
    if (kind === 'begin') this.input({ kind: 'notBegun', ...why }, nowMs);
    else this.input({ kind: 'failed', epoch, ...why }, nowMs);
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
    this.rows = [];
    if (this.part !== undefined) {
      this.part.length = Math.min(this.part.length, Math.max(this.synced, keep));
    }
  }
}
