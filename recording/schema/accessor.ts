import type { Channel } from '../types.ts';
import { resolveSpec } from './resolve.ts';
import { openSchema } from './schema.ts';
import type { Accessor, SignalSpec } from './types.ts';

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
 * A whole message as plain values, by the decoders of others: objects, arrays and typed arrays,
 * `bigint` for 64-bit integers. Fault `corrupt` on bad bytes, `invalid` when nothing can be read.
 */
export function decodeMessage(channel: Channel, bytes: Uint8Array): unknown {
  return openSchema(channel).decode(bytes);
}
