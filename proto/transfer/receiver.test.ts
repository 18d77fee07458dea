/**
 * Goal: the receiver promises only what is safe and gives each wrong chunk the stated answer.
 * Method: drive the pure machine step by step and look at all it says.
 */
import { expect, test } from 'vitest';
import type { Open } from '../messages.ts';
import { newReceiver, receiverWakesAtMs, refuseOpen, stepReceiver } from './receiver.ts';
import type { ReceiverInput, ReceiverOutput, ReceiverState } from './receiver-types.ts';

const sha256 = 'a'.repeat(64);
const open: Open = { tid: 7, sha256, sizeBytes: 100_000, content: 'clip', chunkMax: 262_144 };
type Without<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

const run = (state: ReceiverState, input: Without<ReceiverInput, 'nowMs'>, nowMs = 0) =>
  stepReceiver(state, { ...input, nowMs });

function receiving(credit = 40_000): ReceiverState {
  const [beginning] = newReceiver(open);
  return run(beginning, { kind: 'begun', epoch: 3, durable: 10_000, credit })[0];
}

const chunk = (offset: number, length: number, parts: object = {}) =>
  ({ kind: 'chunk', epoch: 3, offset, length, last: false, ...parts }) as const;

/** The words of a step: code of a Nack, kind of anything else. */
const words = (outputs: readonly ReceiverOutput[]) =>
  outputs.map((output) => {
    if (output.kind !== 'send') return output.kind;
    const { message } = output;
    if (message.kind === 'nack') return message.nack.code;
    return message.kind === 'openAck' ? message.openAck.state : message.kind;
  });

test('it answers an Open with the durable offset of the new epoch', () => {
  const [beginning, outputs] = newReceiver(open);
  expect(words(outputs)).toEqual(['begin']);
  const [state, answers] = run(beginning, { kind: 'begun', epoch: 3, durable: 0, credit: 40_000 });
  expect(words(answers)).toEqual(['new']);
  expect(state.phase).toBe('receiving');
  expect(words(run(beginning, { kind: 'known' })[1])).toEqual(['done', 'close']);
  const failed = { kind: 'notBegun', code: 'NO_SPACE', detail: 'full' } as const;
  expect(words(run(beginning, failed)[1])).toEqual(['later', 'close']);
});

test('durable is acknowledged after the sync, which is due at a quarter of the credit or 30 ms', () => {
  const [few, first] = run(receiving(), chunk(10_000, 5_000), 1);
  expect(words(first)).toEqual(['append']);
  expect(receiverWakesAtMs(few)).toBe(31);
  expect(words(run(few, { kind: 'tick' }, 31)[1])).toEqual(['sync']);
  const [syncing, outputs] = run(few, chunk(15_000, 5_000), 2);
  expect(outputs).toEqual([
    { kind: 'append', epoch: 3 },
    { kind: 'sync', epoch: 3, durable: 20_000 },
  ]);
  expect(words(run(syncing, chunk(20_000, 20_000), 3)[1])).toEqual(['append']);
  const [early] = run(syncing, chunk(20_000, 20_000), 3);
  const [overlapping, next] = run(early, { kind: 'partSynced', epoch: 3 }, 4);
  expect(next).toEqual([{ kind: 'sync', epoch: 3, durable: 40_000 }]);
  expect(words(run(overlapping, { kind: 'synced', epoch: 3, durable: 20_000 }, 5)[1])).toEqual([
    'ack',
  ]);
  const [synced] = run(syncing, { kind: 'partSynced', epoch: 3 }, 4);
  const [, acks] = run(synced, { kind: 'synced', epoch: 3, durable: 20_000 }, 4);
  const ack = { tid: 7, epoch: 3, received: 20_000, durable: 20_000, credit: 40_000 };
  expect(acks).toEqual([{ kind: 'send', message: { kind: 'ack', ack } }]);
});

test('what is below is acknowledged at most ten times a second, what is above is a gap once', () => {
  const [once, outputs] = run(receiving(), chunk(0, 1_000), 1_000);
  expect(words(outputs)).toEqual(['ack']);
  expect(words(run(once, chunk(0, 1_000), 1_099)[1])).toEqual([]);
  expect(words(run(once, chunk(0, 1_000), 1_100)[1])).toEqual(['ack']);
  const [said, gap] = run(receiving(), chunk(11_000, 1_000));
  expect(words(gap)).toEqual(['GAP']);
  expect(words(run(said, chunk(12_000, 1_000))[1])).toEqual([]);
});

test('chunks of an older epoch are nothing, damaged ones are asked for again', () => {
  expect(run(receiving(), chunk(10_000, 1_000, { epoch: 2 }))).toEqual([receiving(), []]);
  const bad = { kind: 'badChunk', epoch: 3, code: 'CRC' } as const;
  const [state, outputs] = run(receiving(), bad);
  expect(words(outputs)).toEqual(['CRC']);
  expect(words(run(state, chunk(11_000, 1_000))[1])).toEqual([]);
});

test.each([
  ['past the size', chunk(99_000, 2_000)],
  ['past the credit', chunk(10_000, 40_001)],
  ['last before the end', chunk(10_000, 1_000, { last: true })],
  ['the end without last', chunk(90_000, 10_000)],
  ['without data', chunk(10_000, 0)],
])('a chunk %s closes the transfer with OVERRUN', (_, input) => {
  expect(words(run(receiving(), input)[1])).toEqual(['OVERRUN', 'close']);
});

test('an Open during a sync or a finish waits for its end', () => {
  const [syncing] = run(receiving(), chunk(10_000, 10_000));
  const again = { ...open, tid: 8 };
  const [waiting, outputs] = run(syncing, { kind: 'open', open: again });
  expect(outputs).toEqual([]);
  const [beginning, begins] = run(waiting, { kind: 'synced', epoch: 3, durable: 20_000 });
  expect(begins).toEqual([{ kind: 'begin', open: again }]);
  expect(run(beginning, chunk(20_000, 1_000))[1]).toEqual([]);
  const [early] = run(syncing, chunk(20_000, 20_000), 3);
  const [overlapping] = run(early, { kind: 'partSynced', epoch: 3 }, 4);
  const [both] = run(overlapping, { kind: 'open', open: again });
  const [one, silence] = run(both, { kind: 'synced', epoch: 3, durable: 20_000 });
  expect(silence).toEqual([]);
  expect(words(run(one, { kind: 'synced', epoch: 3, durable: 40_000 })[1])).toEqual(['begin']);
  const [finishing, finish] = run(receiving(200_000), chunk(10_000, 90_000, { last: true }));
  expect(words(finish)).toEqual(['append', 'finish']);
  const [reopened] = run(finishing, { kind: 'open', open: again });
  expect(words(run(reopened, { kind: 'stored' })[1])).toEqual(['done', 'done', 'close']);
  expect(words(run(reopened, { kind: 'differs' })[1])).toEqual(['HASH', 'begin']);
});

test('answers of an epoch that has ended change nothing in the next one', () => {
  const again = { ...open, tid: 8 };
  const [one] = run(receiving(), chunk(10_000, 10_000));
  const [early] = run(one, chunk(20_000, 20_000), 3);
  const [two] = run(early, { kind: 'partSynced', epoch: 3 }, 4);
  const [waiting] = run(two, { kind: 'open', open: again });
  const io = { kind: 'failed', epoch: 3, code: 'IO', detail: 'busy' } as const;
  const [beginning, outputs] = run(waiting, io);
  expect(words(outputs)).toEqual(['IO', 'begin']);
  const begun = { kind: 'begun', epoch: 4, durable: 0, credit: 40_000 } as const;
  const late = [
    { kind: 'partSynced', epoch: 3 },
    { kind: 'synced', epoch: 3, durable: 40_000 },
    io,
  ] as const;
  for (const answer of late) {
    expect(run(beginning, answer)).toEqual([beginning, []]);
    const [next] = run(beginning, begun);
    expect(run(next, answer)).toEqual([next, []]);
    expect(words(run(next, { kind: 'open', open: again })[1])).toEqual(['begin']);
  }
});

test('a slow beginning answers the newest Open, once', () => {
  const [beginning] = newReceiver(open);
  const [waiting] = run(beginning, { kind: 'open', open: { ...open, tid: 8 } });
  const [state, outputs] = run(waiting, { kind: 'begun', epoch: 3, durable: 5, credit: 100 });
  expect(words(outputs)).toEqual(['partial']);
  expect(state.open.tid).toBe(8);
});

test('an empty file is finished at once; a lost link lets a finish go on', () => {
  const [beginning] = newReceiver({ ...open, sizeBytes: 0 });
  const begun = { kind: 'begun', epoch: 1, durable: 0, credit: 100 } as const;
  const [finishing, outputs] = run(beginning, begun);
  expect(words(outputs)).toEqual(['new', 'finish']);
  expect(run(finishing, { kind: 'linkLost' })).toEqual([finishing, []]);
  expect(words(run(receiving(), { kind: 'linkLost' })[1])).toEqual(['close']);
});

test('a share that grows is told; one that shrinks takes nothing back', () => {
  const [grown, outputs] = run(receiving(), { kind: 'credit', credit: 60_000 });
  expect(words(outputs)).toEqual(['ack']);
  const [shrunk, silence] = run(grown, { kind: 'credit', credit: 10_000 });
  expect([silence, shrunk.limit]).toEqual([[], 70_000]);
});

test('Cancel of what was evicted removes the part, any other keeps it', () => {
  const cancel = (reason: 'evicted' | 'shutdown', epoch = 3) =>
    words(run(receiving(), { kind: 'cancel', cancel: { tid: 7, epoch, reason } })[1]);
  expect(cancel('evicted')).toEqual(['discard', 'close']);
  expect(cancel('shutdown')).toEqual(['close']);
  expect(cancel('evicted', 2)).toEqual([]);
});

test('what is never taken is said from the Open alone', () => {
  expect(refuseOpen(open)).toBeUndefined();
  expect(refuseOpen({ ...open, sizeBytes: 2 ** 31 + 1 })).toBe('TOO_LARGE');
  expect(refuseOpen({ ...open, content: 'artifact' })).toBe('KIND');
});
