/**
 * Goal: IDL definitions of ROS 2 give the same readings as the msg text of the same message.
 * Method: one message defined in both; accessors and decoders of both on the same bytes.
 */
import { expect, test } from 'vitest';
import type { Channel } from '../types.ts';
import { compileAccessor, decodeMessage } from './accessor.ts';
import { schemaFields } from './fields.ts';
import { readBetween } from './testing/oracle.ts';
import { type RosModel, writeCdr } from './testing/ros-model.ts';
import type { SignalSpec } from './types.ts';

const idl = `
================================================================================
IDL: pkg/msg/Thing
#include "builtin_interfaces/msg/Time.idl"
module pkg { module msg {
  module Thing_Constants { const uint8 LIMIT = 7; };
  typedef double double__3[3];
  struct Thing {
    @verbatim (language="comment", text="when")
    builtin_interfaces::msg::Time f0;
    string<20> f1;
    sequence<float, 8> f2;
    double__3 f3;
    pkg::msg::Inner f4;
    sequence<pkg::msg::Inner> f5;
  };
}; };
================================================================================
IDL: builtin_interfaces/msg/Time
module builtin_interfaces { module msg { struct Time { int32 sec; uint32 nanosec; }; }; };
================================================================================
IDL: pkg/msg/Inner
module pkg { module msg { struct Inner { boolean g0; octet g1; unsigned long long g2; }; }; };
`;

const msg = `builtin_interfaces/Time f0
string<=20 f1
float32[<=8] f2
float64[3] f3
pkg/Inner f4
pkg/Inner[] f5
uint8 LIMIT=7
================================================================================
MSG: pkg/Inner
bool g0
byte g1
uint64 g2
`;

const model: RosModel = [
  [
    { type: 'time', list: 'one' },
    { type: 'string', list: 'one' },
    { type: 'float32', list: 'open' },
    { type: 'float64', list: 3 },
    { type: 1, list: 'one' },
    { type: 1, list: 'open' },
  ],
  [
    { type: 'bool', list: 'one' },
    { type: 'uint8', list: 'one' },
    { type: 'uint64', list: 'one' },
  ],
];

function channelOf(encoding: string, text: string, name = 'pkg/msg/Thing'): Channel {
  const data = new TextEncoder().encode(text);
  return {
    id: 1,
    topic: '/thing',
    messageEncoding: 'cdr',
    metadata: new Map(),
    schema: { name, encoding, data },
    latched: false,
  };
}

test('ros2idl and ros2msg definitions of one message read alike', () => {
  const inner = (g1: number) => ({ g0: true, g1, g2: 5n });
  const message = {
    f0: { sec: 12, nanosec: 500_000_000 },
    f1: 'abc',
    f2: [0.5, -2],
    f3: [1, 2, 3],
    f4: inner(200),
    f5: [inner(1), inner(255)],
  };
  const bytes = writeCdr(model, message, { kind: 1, widest: 8 });
  const specs: SignalSpec[] = [
    { path: 'f0' },
    { path: 'f0.nanosec' },
    { path: 'f1' },
    { path: 'f2[]', reduce: { fn: 'min' } },
    { path: 'f3[2]' },
    { path: 'f4.g1' },
    { path: 'f5[].g1', reduce: { fn: 'max' } },
    { path: 'f5[1].g2' },
  ];
  const channels = [channelOf('ros2idl', idl), channelOf('ros2msg', msg)];
  for (const channel of channels) {
    const accessor = compileAccessor(channel, specs);
    const read = readBetween(accessor, bytes, { before: 1, after: 8, poison: 1 });
    expect(read.values).toEqual([12.5, 500_000_000, 'abc', -2, 3, 200, 255, 5]);
    expect(decodeMessage(channel, bytes)).toEqual({
      ...message,
      f2: Float32Array.of(0.5, -2),
      f3: Float64Array.of(1, 2, 3),
    });
  }
  const [a, b] = channels.map((channel) => schemaFields(channel));
  expect(a).toEqual(b);
});

const partFirst =
  'module pkg { module msg { struct A { octet x; }; struct Thing { A a; octet y; }; }; };';

test.each(['pkg/Thing', 'pkg::msg::Thing', 'pkg::msg::dds_::Thing_'])(
  'the message of schema %s is found behind its parts',
  (name) => {
    const channel = channelOf('ros2idl', partFirst, name);
    expect(schemaFields(channel).map(({ path }) => path)).toEqual(['a.x', 'y']);
    expect(decodeMessage(channel, Uint8Array.of(0, 1, 0, 0, 3, 4))).toEqual({ a: { x: 3 }, y: 4 });
  },
);

test('which of several messages is meant is not guessed', () => {
  const channel = channelOf('ros2idl', partFirst, 'pkg/msg/Other');
  expect(() => schemaFields(channel)).toThrow(/does not define "pkg\/msg\/Other"/);
  const alone = 'module pkg { module msg { struct A { octet x; }; }; };';
  expect(schemaFields(channelOf('ros2idl', alone, 'Other'))).toHaveLength(1);
});
