import { type Accessor, type SignalSpec, type Slots, slotState } from '../types.ts';

/** What a slot should say, worked out from a decoded message in the plainest way. */
export type Expected = number | string | boolean | undefined;

interface Place {
  readonly value: unknown;
  readonly isThere: boolean;
}

/** The value of a spec in a decoded message; undefined stands for unknown. */
export function expectedOf(message: unknown, spec: SignalSpec, bytes: number): Expected {
  if (spec.path === '$bytes') return bytes;
  if (spec.path === '$present') return true;
  let places: Place[] = [{ value: message, isThere: true }];
  for (const part of spec.path.replaceAll('[', '.[').split('.').filter(Boolean)) {
    if (part === '$present') return places[0]?.isThere === true;
    places = places.flatMap((place) => step(place, part));
  }
  const values = places.filter((place) => place.isThere).map((place) => single(place.value));
  return spec.reduce === undefined ? exact(values[0]) : reduced(values, spec.reduce);
}

function step(place: Place, part: string): Place[] {
  const { value } = place;
  if (part === '$count') {
    const items = value as { readonly length?: number } | undefined;
    const count = place.isThere ? (items?.length ?? Object.keys(items ?? {}).length) : 0;
    return [{ value: count, isThere: place.isThere }];
  }
  if (part === '[]') {
    return place.isThere
      ? Array.from(value as ArrayLike<unknown>).map((item) => ({ value: item, isThere: true }))
      : [];
  }
  const key = part.startsWith('[') ? part.slice(1, -1) : part;
  const inside: unknown = place.isThere ? (value as Record<string, unknown>)[key] : undefined;
  return [{ value: inside, isThere: inside !== undefined && inside !== null }];
}

/** A whole time as seconds, everything else as it is. */
function single(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const parts = Object.values(value).map(Number);
  return parts.length < 2 ? undefined : (parts[0] ?? 0) + (parts[1] ?? 0) / 1e9;
}

function exact(value: unknown): Expected {
  if (typeof value !== 'bigint') return value as Expected;
  return Number.isSafeInteger(Number(value)) ? Number(value) : undefined;
}

function reduced(all: unknown[], reduce: NonNullable<SignalSpec['reduce']>): Expected {
  const { valid } = reduce;
  const kept = all.filter(
    (value) => valid === undefined || (Number(value) >= valid[0] && Number(value) <= valid[1]),
  );
  if (reduce.fn === 'count') return kept.length;
  if (reduce.fn === 'first') return exact(kept[0]);
  if (reduce.fn === 'last') return exact(kept.at(-1));
  if (kept.some((value) => typeof value === 'bigint' && exact(value) === undefined)) {
    return undefined;
  }
  const numbers = kept.filter((value) => value !== undefined).map(Number);
  const sum = numbers.reduce((a, b) => a + b, 0);
  if (reduce.fn === 'sum') return sum;
  if (numbers.length === 0) return undefined;
  if (reduce.fn === 'mean') return sum / numbers.length;
  const better = reduce.fn === 'min' ? Math.min : Math.max;
  return numbers.reduce((a, b) => better(a, b));
}

export interface ReadResult {
  readonly outcome: 0 | 1;
  /** `fault` where the accessor says so. */
  readonly values: readonly Expected[];
}

/**
 * Reads a message that stands between `before` and `after` bytes of `poison` in a larger buffer.
 * A neighbour slot on either side shows whether the accessor keeps to its own.
 */
export function readBetween(
  accessor: Accessor,
  message: Uint8Array,
  around: { readonly before: number; readonly after: number; readonly poison: number },
): ReadResult {
  const { before, after, poison } = around;
  const data = new Uint8Array(before + message.length + after).fill(poison);
  data.set(message, before);
  const count = accessor.types.length;
  const out: Slots = {
    states: new Uint8Array(count + 2).fill(9),
    numbers: new Float64Array(count + 2).fill(-12345),
    texts: Array.from({ length: count + 2 }, () => undefined),
  };
  const columns = {
    data,
    view: new DataView(data.buffer),
    starts: Uint32Array.of(0, before),
    ends: Uint32Array.of(0, before + message.length),
  };
  const outcome = accessor.read(columns, 1, out, 1);
  if (out.states[0] !== 9 || out.states[count + 1] !== 9) throw new Error('wrote a foreign slot');
  return { outcome, values: Array.from({ length: count }, (_, k) => slotValue(out, k + 1)) };
}

function slotValue(out: Slots, slot: number): Expected {
  const state = out.states[slot];
  if (state === slotState.unknown) return undefined;
  if (state === slotState.number) return out.numbers[slot];
  if (state === slotState.text) return out.texts[slot];
  return state === slotState.truth ? out.numbers[slot] === 1 : 'fault';
}
