/** What accessors fill, and how paths are written, for who evaluates it and reads no recording. */
export { parsePath } from './schema/path.ts';
export { openListSlots } from './schema/slots.ts';
export { type ListSlots, type ListSpec, listState, type Slots, slotState } from './schema/types.ts';
