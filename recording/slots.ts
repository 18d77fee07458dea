/** What accessors fill, for who evaluates it and reads no recording. */
export { openListSlots } from './schema/slots.ts';
export { type ListSlots, type ListSpec, listState, type Slots, slotState } from './schema/types.ts';
