/**
 * Goal: on recordings that robots and public tools wrote, accessors read what decoders read.
 * Method: every message of every shared recording, every field its schema lists, both ways.
 */
import { basename, dirname } from 'node:path';
import { Fault } from '@fieldloop/core';
import { describe, expect, test } from 'vitest';
import { openFile } from '../file.ts';
import { readRecording } from '../read.ts';
import { hasSharedData, sharedFiles } from '../testing/shared-data.ts';
import type { Channel, MessageBlock } from '../types.ts';
import { compileAccessor, decodeMessage } from './accessor.ts';
import { schemaFields } from './fields.ts';
import { expectedOf, readBetween } from './testing/oracle.ts';
import { type Accessor, type SignalSpec, type Slots, slotState } from './types.ts';

const folders = ['mcap', 'rosbag1', 'db3', 'bad', 'conformance/OneMessage'];
const found = folders.flatMap((folder) => sharedFiles(folder, '.mcap', '.bag', '.db3'));
const files = hasSharedData ? found : ['skipped: ../shared/data is absent'];

/** A definition may lack a part: its fields are listed no more than they are read. */
function isReadable(channel: Channel): boolean {
  const [isListed, isRead] = [
    () => schemaFields(channel),
    () => compileAccessor(channel, [{ path: '$bytes' }]),
  ].map(succeeds);
  expect(isListed).toBe(isRead);
  return isListed === true;
}

function succeeds(work: () => unknown): boolean {
  try {
    work();
    return true;
  } catch (error) {
    if (error instanceof Fault) return false;
    throw error;
  }
}

/** Every field: lists by their folds and sizes, their first items alone. */
function specsOf(channel: Channel): SignalSpec[] {
  const specs: SignalSpec[] = [{ path: '$bytes' }];
  for (const { path, type } of schemaFields(channel)) {
    if (!path.includes('[]')) {
      specs.push({ path });
      continue;
    }
    specs.push({ path: path.replaceAll('[]', '[0]') });
    specs.push({ path, reduce: { fn: type === 'text' ? 'last' : 'max' } });
    if (type !== 'text') specs.push({ path, reduce: { fn: 'mean', valid: [0.05, 30] } });
    specs.push({ path: `${path.replaceAll('[]', '[0]').replace(/\[0\][^[]*$/, '')}.$count` });
  }
  return specs;
}

interface Subject {
  readonly channel: Channel;
  readonly specs: readonly SignalSpec[];
  readonly accessor: Accessor;
}

/** Point clouds are folded once in a while only: the plain walk of the test takes its time. */
const largeBytes = 16_384;

function subjectsOf(channel: Channel): { readonly every: Subject; readonly large: Subject } {
  const specs = specsOf(channel);
  const single = specs.filter((spec) => spec.reduce === undefined);
  const subject = (some: SignalSpec[]) => {
    return { channel, specs: some, accessor: compileAccessor(channel, some) };
  };
  return { every: subject(specs), large: subject(single) };
}

/** Reads message i where it stands in its block, between its neighbours. */
function readInPlace(subject: Subject, block: MessageBlock, i: number): unknown[] {
  const count = subject.specs.length;
  const out: Slots = {
    states: new Uint8Array(count),
    numbers: new Float64Array(count),
    texts: Array.from({ length: count }, () => undefined),
  };
  subject.accessor.read(block, i, out, 0);
  return subject.specs.map((_, slot) => {
    const state = out.states[slot];
    if (state === slotState.unknown) return undefined;
    if (state === slotState.text) return out.texts[slot];
    if (state === slotState.fault) return 'fault';
    return state === slotState.truth ? out.numbers[slot] === 1 : out.numbers[slot];
  });
}

describe.skipIf(!hasSharedData)('shared recordings', () => {
  test.each(files.map((file) => [basename(file), file]))('%s', async (_, file) => {
    await using readable = await openFile(file);
    const subjects = new Map<number, ReturnType<typeof subjectsOf> | 'unreadable'>();
    let compared = 0;
    try {
      for await (const item of readRecording(readable)) {
        if (item.kind === 'channel') {
          const { channel } = item;
          subjects.set(channel.id, isReadable(channel) ? subjectsOf(channel) : 'unreadable');
        }
        if (item.kind !== 'block') continue;
        for (let i = 0; i < item.block.count; i += 1) {
          const both = subjects.get(item.block.channelIds[i] ?? 0);
          if (both === undefined) throw new Error('a block came before its channel');
          if (both === 'unreadable') continue;
          const bytes = item.block.data.subarray(item.block.starts[i], item.block.ends[i]);
          const isLarge = bytes.length > largeBytes && compared % 16 !== 0;
          const subject = isLarge ? both.large : both.every;
          const isOpaque = subject.specs.length === 1;
          const message = isOpaque ? {} : decodeMessage(subject.channel, bytes);
          const expected = subject.specs.map((spec) => expectedOf(message, spec, bytes.length));
          expect(readInPlace(subject, item.block, i)).toEqual(expected);
          const around = { before: 3, after: 16, poison: 0xff };
          const isSampled = compared < 50;
          const between = isSampled
            ? readBetween(subject.accessor, bytes, around).values
            : expected;
          expect(between).toEqual(expected);
          compared += 1;
        }
      }
    } catch (error) {
      if (!(error instanceof Fault && dirname(file).endsWith('/bad'))) throw error;
    }
    const isEmpty = /empty|no-messages|\/bad\/|only_services/.test(file);
    expect(compared).toBeGreaterThanOrEqual(isEmpty ? 0 : 1);
  });
});
