/**
 * How a field of a message becomes a value that rules read. Specs name paths; an accessor is
 * compiled once per channel and writes the values of one message into slots.
 */

/** `a.b[2].c` one value; `a[].c` a list that `reduce` folds; `a.$count`, `$bytes`, `$present`. */
export interface SignalSpec {
  readonly path: string;
  /** How a list becomes one number; values outside `valid` (inclusive) are left out. */
  readonly reduce?:
    | {
        readonly fn: 'min' | 'max' | 'mean' | 'sum' | 'count' | 'first' | 'last';
        readonly valid?: readonly [number, number] | undefined;
      }
    | undefined;
}

/** What stands in a slot. `fault`: this message's bytes are not what its schema says. */
export const slotState = { unknown: 0, number: 1, text: 2, truth: 3, fault: 4 } as const;
export type SlotState = (typeof slotState)[keyof typeof slotState];

/** Preallocated results, one place a spec. Booleans stand in `numbers` as 0 or 1. */
export interface Slots {
  readonly states: Uint8Array;
  readonly numbers: Float64Array;
  readonly texts: (string | undefined)[];
}

/** 0 = read; 1 = the message is corrupt: its slots are set to `fault`, never a neighbour's bytes. */
export type ReadOutcome = 0 | 1;

/** The type that the schema gives each spec, for the rules' type check. */
export type FieldType = 'number' | 'bigint' | 'text' | 'truth' | 'unknown';

/** The part of a block that an accessor reads: message i is `data[starts[i] .. ends[i])`. */
export interface MessageColumns {
  readonly data: Uint8Array;
  readonly view: DataView;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
}

/** A list of records: `path` names the list, `fields` what is read of each of its items. */
export interface ListSpec {
  readonly path: string;
  /** Paths inside an item, such as `bbox.center.x`; an empty one is the item itself. */
  readonly fields: readonly string[];
  /** A message with more items is not read; at most `limits.listItems`. */
  readonly maxItems: number;
}

/**
 * What came of a list: not there in this message, read, more items than may be read, or a message
 * whose bytes are not what its schema says.
 */
export const listState = { unknown: 0, read: 1, overflow: 2, fault: 4 } as const;
export type ListState = (typeof listState)[keyof typeof listState];

/** Preallocated results of a list. Field f of item k is in place `k * fields + f` of `values`. */
export interface ListSlots {
  /** Items that were read; 0 unless the state is `read`. */
  count: number;
  readonly values: Slots;
}

export interface ListAccessor {
  /** The type of each field, in their order. */
  readonly types: readonly FieldType[];
  /** Reads the list of message i of a block. */
  read(columns: MessageColumns, i: number, out: ListSlots): ListState;
}

export interface Accessor {
  readonly types: readonly FieldType[];
  /** Reads message i of a block into slots `at`, `at + 1`, … (one a spec, in their order). */
  read(columns: MessageColumns, i: number, out: Slots, at: number): ReadOutcome;
}
