/** Room for what accessors read. */
import type { ListSlots, ListSpec, Slots } from './types.ts';

export const openSlots = (length: number): Slots => ({
  states: new Uint8Array(length),
  numbers: new Float64Array(length),
  texts: Array.from({ length }, () => undefined),
});

/** Room for the items of a list. */
export const openListSlots = ({ fields, maxItems }: ListSpec): ListSlots => ({
  count: 0,
  values: openSlots(fields.length * maxItems),
});
