import type { ListReading } from './list.ts';
import { isList, pickInside, putValue } from './pick.ts';
import { type ListAccessor, listState } from './types.ts';

/** Reads a list of records from messages that a reference decoder made into objects. */
export function compilePickList(
  list: ListReading,
  decode: (bytes: Uint8Array) => unknown,
): ListAccessor {
  const { readings, types, most } = list;
  const width = types.length;
  const before = readings.at(-1)?.steps ?? [];
  const within = readings.slice(0, width).map(({ steps, shape }) => {
    return { steps: steps.slice(before.length + 1), shape };
  });
  return {
    types,
    read(columns, i, out) {
      out.count = 0;
      let message: unknown;
      try {
        message = decode(columns.data.subarray(columns.starts[i], columns.ends[i]));
      } catch {
        return listState.fault;
      }
      const items = pickInside(message, before);
      if (!isList(items)) return listState.unknown;
      if (items.length > most) return listState.overflow;
      for (let k = 0; k < items.length; k += 1) {
        for (const [f, field] of within.entries()) {
          putValue(out.values, k * width + f, field.shape, pickInside(items[k], field.steps));
        }
      }
      out.count = items.length;
      return listState.read;
    },
  };
}
