/**
 * Goal: the sender believes only what is about its own file and epoch, and waits as the page says.
 * Method: drive the pure machine step by step with messages that are right, stale or lying.
 */
import { expect, test } from 'vitest';
import type { Transfer, WireCode } from '../messages.ts';
import { newSender, sendable, type SenderInput, type SenderState, stepSender } from './sender.ts';

const sha256 = 'a'.repeat(64);
const open = { tid: 7, sha256, sizeBytes: 100_000, content: 'clip', chunkMax: 262_144 } as const;
type Without<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

function run(state: SenderState, input: Without<SenderInput, 'nowMs' | 'draw'>, nowMs = 0) {
  return stepSender(state, { ...input, nowMs, draw: 0.5 });
}

const hear = (state: SenderState, message: Transfer, nowMs = 0) =>
  run(state, { kind: 'message', message }, nowMs);

const openAck = (parts: object): Transfer => ({
  kind: 'openAck',
  openAck: {
    tid: 7,
    sha256,
    epoch: 3,
    state: 'partial',
    durable: 10_000,
    credit: 40_000,
    chunkMax: 65_536,
    slot: '0',
    retryAfterMs: 0,
    ...parts,
  },
});

const ack = (parts: object): Transfer => ({
  kind: 'ack',
  ack: { tid: 7, epoch: 3, received: 20_000, durable: 10_000, credit: 40_000, ...parts },
});

const nack = (code: WireCode, parts: object = {}): Transfer => ({
  kind: 'nack',
  nack: { tid: 7, epoch: 3, code, from: 20_000, retryAfterMs: 0, detail: '', ...parts },
});

function sending(): SenderState {
  const [opening] = run(newSender(open), { kind: 'start' });
  const [state] = hear(opening, openAck({}));
  return run(state, { kind: 'sent', from: 10_000, to: 40_000 })[0];
}

test('it begins at the durable offset and stays within the credit', () => {
  const [opening, outputs] = run(newSender(open), { kind: 'start' });
  expect(outputs).toEqual([{ kind: 'send', message: { kind: 'open', open } }]);
  const [state] = hear(opening, openAck({}));
  expect(state).toMatchObject({ phase: 'sending', epoch: 3, chunkMax: 65_536 });
  expect(sendable(state)).toEqual({ from: 10_000, to: 50_000 });
  expect(sendable(state, 4_096)).toEqual({ from: 10_000, to: 14_096 });
});

test('an Ack moves the window; one of another epoch or of unsent bytes does not', () => {
  const [moved] = hear(sending(), ack({ durable: 20_000 }));
  expect(sendable(moved)).toEqual({ from: 40_000, to: 60_000 });
  for (const lie of [{ epoch: 2 }, { tid: 8 }, { received: 40_001 }, { durable: 20_001 }]) {
    expect(hear(sending(), ack({ durable: 20_000, ...lie }))[0]).toEqual(sending());
  }
});

test('only the hash and size of its own file end it as done', () => {
  const done = { tid: 7, epoch: 3, sha256, sizeBytes: 100_000 };
  for (const lie of [{ sha256: 'b'.repeat(64) }, { sizeBytes: 99_999 }, { tid: 8 }]) {
    const [state, outputs] = hear(sending(), { kind: 'done', done: { ...done, ...lie } });
    expect([state.phase, outputs]).toEqual(['sending', []]);
  }
  const [state, outputs] = hear(sending(), { kind: 'done', done });
  expect([state.phase, outputs]).toEqual(['done', [{ kind: 'done' }]]);
  expect(hear(state, { kind: 'done', done })[1]).toEqual([]);
  const other = hear(sending(), openAck({ state: 'done', sha256: 'b'.repeat(64) }));
  expect(other[0].phase).toBe('sending');
  expect(hear(sending(), openAck({ state: 'done' }))[1]).toEqual([{ kind: 'done' }]);
});

test('a newer epoch is followed, an older one or the same again is not', () => {
  expect(hear(sending(), openAck({ durable: 0 }))[0]).toEqual(sending());
  expect(hear(sending(), openAck({ epoch: 2 }))[0]).toEqual(sending());
  const [newer] = hear(sending(), openAck({ epoch: 4, durable: 30_000 }));
  expect(sendable(newer)).toEqual({ from: 30_000, to: 70_000 });
});

test('a gap sends again from there; the third reads the disk, the fifth reconnects', () => {
  let state = sending();
  const seen: unknown[] = [];
  for (let i = 0; i < 5; i += 1) {
    const [next, outputs] = hear(state, nack('CRC'));
    seen.push(outputs);
    state = run(next, { kind: 'sent', from: 20_000, to: 40_000 })[0];
  }
  const reread = [{ kind: 'reread', from: 20_000 }];
  expect(seen).toEqual([[], [], reread, [], [{ kind: 'reconnect' }]]);
  expect(state.phase).toBe('waiting');
  expect(hear(sending(), nack('GAP', { from: 40_001 }))[0]).toEqual(sending());
  expect(hear(sending(), nack('GAP', { from: 9_999 }))[0]).toEqual(sending());
});

test('without progress for 5 s it waits with backoff and opens again', () => {
  const [still] = run(sending(), { kind: 'tick' }, 4_999);
  expect(still.phase).toBe('sending');
  const [waiting] = run(sending(), { kind: 'tick' }, 5_000);
  expect(waiting).toMatchObject({ phase: 'waiting', notBeforeMs: 5_500, attempt: 1 });
  expect(run(waiting, { kind: 'start' }, 5_499)[1]).toEqual([]);
  expect(run(waiting, { kind: 'start' }, 5_500)[0].phase).toBe('opening');
});

test.each([
  ['BUSY', 'waiting'],
  ['IO', 'waiting'],
  ['OVERRUN', 'waiting'],
  ['UNKNOWN', 'waiting'],
  ['TOO_LARGE', 'refused'],
  ['UNWANTED', 'refused'],
  ['MALFORMED', 'refused'],
] as const)('Nack %s leaves it %s', (code, phase) => {
  const [state, outputs] = hear(sending(), nack(code, { retryAfterMs: 9_000 }));
  expect(state.phase).toBe(phase);
  expect(outputs).toEqual(phase === 'refused' ? [{ kind: 'refused', code }] : []);
  expect(state.notBeforeMs).toBe(code === 'UNKNOWN' || phase === 'refused' ? 0 : 9_000);
});

test('a differing hash is checked on its own disk: right three times, then given up', () => {
  let state = sending();
  for (let i = 0; i < 3; i += 1) {
    const [checking, outputs] = hear(state, nack('HASH'));
    expect(outputs).toEqual([{ kind: 'checkFile' }]);
    const [waiting] = run(checking, { kind: 'fileChecked', equal: true });
    const [opening] = run(waiting, { kind: 'start' }, 1e9);
    state = hear(opening, openAck({ epoch: 4 + i }), 1e9)[0];
    state = { ...state, epoch: 3 };
  }
  expect(hear(state, nack('HASH'))[1]).toEqual([{ kind: 'refused', code: 'HASH' }]);
  const [checking] = hear(sending(), nack('HASH'));
  const [, wrong] = run(checking, { kind: 'fileChecked', equal: false });
  expect(wrong).toEqual([{ kind: 'refused', code: 'HASH' }]);
});

test('withdrawn, it says so when the cloud may know of it, and takes no more answers', () => {
  expect(run(newSender(open), { kind: 'withdraw', reason: 'evicted' })[1]).toEqual([]);
  const [state, outputs] = run(sending(), { kind: 'withdraw', reason: 'operator' });
  const cancel = { tid: 7, epoch: 3, reason: 'operator' };
  expect(outputs).toEqual([{ kind: 'send', message: { kind: 'cancel', cancel } }]);
  expect(hear(state, openAck({ epoch: 9 }))[0].phase).toBe('cancelled');
});
