/** Messages and fields of them as JSON and as text for `recording cat`. */
import {
  type Channel,
  compileAccessor,
  decodeMessage,
  type MessageBlock,
  schemaFields,
  type Slots,
  slotState,
} from '@fieldloop/recording';

/** What is shown of one message: the whole of it, some fields by path, or why neither. */
export interface ShownMessage {
  readonly message?: unknown;
  readonly fields?: Readonly<Record<string, unknown>>;
  readonly fault?: string;
}

export interface FieldReader {
  readonly channel: Channel;
  read(block: MessageBlock, i: number): ShownMessage;
}

/** Fault `invalid` when a path is not in the channel's schema. */
export function openFields(channel: Channel, paths: readonly string[]): FieldReader {
  const whole = (block: MessageBlock, i: number): unknown =>
    decodeMessage(channel, block.data.subarray(block.starts[i], block.ends[i]));
  if (paths.length === 0) {
    return { channel, read: (block, i) => ({ message: shown(whole(block, i)) }) };
  }
  const inner = new Set(paths.filter((path) => isInner(channel, path)));
  const leaves = paths.filter((path) => !inner.has(path));
  const accessor = compileAccessor(
    channel,
    leaves.map((path) => ({ path })),
  );
  const slots: Slots = {
    states: new Uint8Array(leaves.length),
    numbers: new Float64Array(leaves.length),
    texts: leaves.map(() => undefined),
  };
  return {
    channel,
    read(block, i) {
      if (accessor.read(block, i, slots, 0) !== 0) {
        return { fault: 'the bytes are not what the schema says' };
      }
      const message = inner.size === 0 ? undefined : whole(block, i);
      const fields: Record<string, unknown> = {};
      for (const path of paths) {
        const slot = leaves.indexOf(path);
        fields[path] = slot < 0 ? shown(inside(message, path)) : slotValue(slots, slot);
      }
      return { fields };
    },
  };
}

/** A list or a struct, which has no single value: it is shown whole. */
function isInner(channel: Channel, path: string): boolean {
  const generic = path.replaceAll(/\[\d+\]/g, '[]');
  return (
    !/\[\]|\$/.test(path) &&
    schemaFields(channel).some(
      (field) => field.path.startsWith(`${generic}.`) || field.path.startsWith(`${generic}[`),
    ) &&
    !schemaFields(channel).some((field) => field.path === generic)
  );
}

function slotValue(slots: Slots, slot: number): unknown {
  const state = slots.states[slot];
  if (state === slotState.number) return shown(slots.numbers[slot]);
  if (state === slotState.truth) return slots.numbers[slot] === 1;
  return state === slotState.text ? slots.texts[slot] : null;
}

function inside(message: unknown, path: string): unknown {
  let value = message;
  for (const step of path.replaceAll(/\[(\d+)\]/g, '.$1').split('.')) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = Reflect.get(value, step);
  }
  return value;
}

/** As JSON has it: 64-bit integers, NaN and infinities as text, bytes as base64. */
function shown(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    return Array.from(value as unknown as ArrayLike<unknown>, shown);
  }
  if (Array.isArray(value)) return value.map(shown);
  if (value instanceof Map) return Object.fromEntries([...value].map(([k, v]) => [k, shown(v)]));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, shown(item)]));
}

/** One line: single fields bare, several as name=value, whole messages as JSON. */
export function plainValue(read: ShownMessage): string {
  if (read.fault !== undefined) return `(unread: ${read.fault})`;
  if (read.fields === undefined) return JSON.stringify(read.message) ?? '';
  const entries = Object.entries(read.fields);
  const text = (value: unknown): string =>
    typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  const [first] = entries;
  if (entries.length === 1 && first !== undefined) return text(first[1]);
  return entries.map(([path, value]) => `${path}=${text(value)}`).join(' ');
}

/** Unix times as dates; times of clocks that start with the robot as seconds. */
export function timeText(ns: bigint): string {
  const fraction = String(ns % 1_000_000_000n).padStart(9, '0');
  const seconds = ns / 1_000_000_000n;
  if (seconds < 100_000_000n || seconds > 100_000_000_000n) return `${seconds}.${fraction} s`;
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}.${fraction}Z`;
}
