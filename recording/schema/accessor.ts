import type { Channel } from '../types.ts';
import { resolveList } from './list.ts';
import { resolveSpec } from './resolve.ts';
import { openSchema } from './schema.ts';
import type { Accessor, ListAccessor, ListSpec, SignalSpec } from './types.ts';

/**
 * Compiles the reading of fields of one channel's messages into slots.
 *
 * - A path is `a.b[2].c`; `a[].c` with `reduce` folds a list; `$count` is a list's length,
 *   `$present` whether the value is there, `$bytes` the size of the message.
 * - A time or duration read by itself gives seconds; its parts are `.sec` and `.nsec` (ROS 1),
 *   `.nanosec` (ROS 2), `.nanos` (protobuf), and the names of the other dialects work too.
 * - 64-bit integers have type `bigint`; their slot is a number while a double holds it exactly
 *   (below 2^53) and unknown otherwise. NaN and infinities are numbers.
 * - Unknown: an index behind the end of a list, an absent field, `min`, `max`, `mean`, `first` or
 *   `last` of nothing. `sum` and `count` of nothing are 0.
 * - A message whose bytes end before a wanted field does has outcome 1 and slots `fault`. Damage
 *   elsewhere in the message is not looked for.
 *
 * An accessor keeps state while it reads: one at a time, not shared between threads. Fault
 * `invalid` for a path that is not in the schema, and for a schema that cannot be read.
 */
export function compileAccessor(channel: Channel, specs: readonly SignalSpec[]): Accessor {
  const schema = openSchema(channel);
  return schema.compile(specs.map((spec) => resolveSpec(schema.shape, spec, schema.channel)));
}

/**
 * Compiles the reading of a list of records: the named fields of each item, in columns, without
 * decoding the rest. Values are as those of single fields. A list with more than `maxItems` items
 * is not read at all: its state is `overflow`, and bytes behind its count are not looked at.
 *
 * Fault `invalid` for a path that leads to no list, for fields that are not single values, and for
 * bounds beyond the limits of this room.
 */
export function compileListAccessor(channel: Channel, spec: ListSpec): ListAccessor {
  const schema = openSchema(channel);
  return schema.compileList(resolveList(schema.shape, spec, schema.channel));
}

/**
 * A whole message as plain values, by the decoders of others: objects, arrays and typed arrays,
 * `bigint` for 64-bit integers. Fault `corrupt` on bad bytes, `invalid` when nothing can be read.
 */
export function decodeMessage(channel: Channel, bytes: Uint8Array): unknown {
  return openSchema(channel).decode(bytes);
}
