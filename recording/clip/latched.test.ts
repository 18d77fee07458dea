/**
 * Goal: a clip begins with what every latched topic said: the last message of each, and of
 * transforms the last word on each frame, whichever node said it.
 * Method: a recording of `/tf_static` as several broadcasters leave it, and of a map.
 */
import { parse } from '@foxglove/rosmsg';
import { MessageWriter } from '@foxglove/rosmsg2-serialization';
import { expect, test } from 'vitest';
import { latchedOfChannel } from '../limits.ts';
import { readRecording } from '../read.ts';
import { decodeMessage } from '../schema/accessor.ts';
import { builtMcap, closeMcap } from '../testing/mcap-maker.ts';
import { memoryFile, readAll } from '../testing/memory-file.ts';
import { openLatchedContext } from './latched.ts';

const definition = `geometry_msgs/TransformStamped[] transforms
================================================================================
MSG: geometry_msgs/TransformStamped
string child_frame_id
float64 x`;
const cdr = new MessageWriter(parse(definition, { ros2: true }));

type Said = readonly [at: number, frames: readonly string[]];

/** What is left of `/tf_static` as [time, frames], and of a map that was told twice. */
async function left(said: readonly Said[]) {
  const metadata = new Map([['offered_qos_profiles', '- durability: transient_local']]);
  const bytes = builtMcap((builder) => {
    const text = new TextEncoder();
    const name = 'tf2_msgs/msg/TFMessage';
    builder.writeSchema({ id: 1, name, encoding: 'ros2msg', data: text.encode(definition) });
    const head = { messageEncoding: 'cdr', metadata };
    builder.writeChannel({ ...head, id: 1, schemaId: 1, topic: '/tf_static' });
    builder.writeChannel({ ...head, id: 2, schemaId: 0, topic: '/map' });
    const times = (at: number) => ({ sequence: at, logTime: BigInt(at), publishTime: 0n });
    for (const [at, frames] of said) {
      builder.writeMessage({ ...times(at), channelId: 1, data: framesCdr(frames) });
      builder.writeMessage({ ...times(at), channelId: 2, data: new Uint8Array([at]) });
    }
    closeMcap(builder);
  });
  const { blocks, channels } = await readAll(readRecording(memoryFile(bytes)));
  const context = openLatchedContext(channels);
  for (const block of blocks) context.take(block);
  const [tf, map] = [1, 2].map((id) => context.all().filter(({ channelId }) => channelId === id));
  expect(map).toHaveLength(1);
  expect(map?.[0]?.logTimeNs).toBe(tf?.at(-1)?.logTimeNs);
  const channel = channels.get(1);
  return (tf ?? []).map(({ logTimeNs, data: kept }) => {
    const message = channel && (decodeMessage(channel, kept) as { transforms: unknown[] });
    return [Number(logTimeNs), message?.transforms.length];
  });
}

const framesCdr = (frames: readonly string[]): Uint8Array =>
  cdr.writeMessage({ transforms: frames.map((name) => ({ child_frame_id: name, x: 1 })) });

test.each<[string, Said[], number[][]]>([
  [
    'two nodes, each with its own',
    [
      [1, ['lidar']],
      [2, ['camera']],
    ],
    [
      [1, 1],
      [2, 1],
    ],
  ],
  [
    'one node, again',
    [
      [1, ['lidar']],
      [2, ['lidar']],
    ],
    [[2, 1]],
  ],
  [
    'a node that says more each time',
    [
      [1, ['a']],
      [2, ['a', 'b']],
      [3, ['a', 'b', 'c']],
    ],
    [[3, 3]],
  ],
  [
    'two at one time',
    [
      [1, ['a']],
      [1, ['a']],
    ],
    [[1, 1]],
  ],
  [
    'one of two frames anew',
    [
      [1, ['a', 'b']],
      [2, ['a']],
    ],
    [
      [1, 2],
      [2, 1],
    ],
  ],
])('transforms: %s', async (_, said, expected) => {
  expect(await left(said)).toEqual(expected);
});

test('a file of ever new frames is remembered by its last', async () => {
  const count = latchedOfChannel + 5;
  const said = Array.from({ length: count }, (_, i): Said => [i + 1, [`frame${i}`]]);
  const kept = await left(said);
  expect(kept).toHaveLength(latchedOfChannel);
  expect(kept.at(-1)).toEqual([count, 1]);
});
