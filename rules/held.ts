/**
 * Messages between their arrival and the watermark, in order of log time. What arrives in order
 * costs one append; what arrives late is moved past the few that are later. Values are read at
 * arrival, so that no block of a recording is kept.
 */
import { type Slots, slotState } from '@fieldloop/recording';

export interface Held {
  /** Where values of the entry being added go; it changes when the store grows. */
  readonly slots: Slots;
  size(): number;
  /** The place in `slots` for the values of a new entry. */
  add(timeNs: number, rank: number, topic: number, bytes?: number): number;
  /** Of the earliest entry; Infinity when there is none. */
  firstNs(): number;
  firstTopic(): number;
  firstBytes(): number;
  /** Where the values of the earliest entry stand. */
  firstAt(): number;
  removeFirst(): void;
  /** Entries in order, for a checkpoint. */
  each(visit: (entry: HeldEntry) => void): void;
}

interface HeldEntry {
  readonly timeNs: number;
  readonly rank: number;
  readonly topic: number;
  /** Of the message. */
  readonly bytes: number;
  readonly at: number;
}

const firstCapacity = 256;

/** `stride`: values of the widest topic. */
export function openHeld(stride: number): Held {
  const width = Math.max(1, stride);
  let capacity = firstCapacity;
  let times = new Float64Array(capacity);
  let ranks = new Uint32Array(capacity);
  let topics = new Int32Array(capacity);
  let sizes = new Float64Array(capacity);
  /** Entry numbers in order of time, wrapped by a mask; free ones follow behind the last. */
  let order = Int32Array.from({ length: capacity }, (_, i) => i);
  let head = 0;
  let count = 0;

  const grow = (): void => {
    const old = { times, ranks, topics, sizes, order, slots: held.slots, capacity };
    capacity *= 2;
    times = new Float64Array(capacity);
    ranks = new Uint32Array(capacity);
    topics = new Int32Array(capacity);
    sizes = new Float64Array(capacity);
    sizes.set(old.sizes);
    times.set(old.times);
    ranks.set(old.ranks);
    topics.set(old.topics);
    order = new Int32Array(capacity);
    for (let i = 0; i < count; i += 1) order[i] = old.order[(head + i) & (old.capacity - 1)] ?? 0;
    for (let i = count; i < capacity; i += 1) order[i] = i;
    head = 0;
    held.slots = openSlots(capacity * width);
    held.slots.states.set(old.slots.states);
    held.slots.numbers.set(old.slots.numbers);
    for (const [i, text] of old.slots.texts.entries()) held.slots.texts[i] = text;
  };
  const numberAt = (place: number): number => order[(head + place) & (capacity - 1)] ?? 0;

  const held = {
    slots: openSlots(capacity * width),
    size: () => count,
    add(timeNs: number, rank: number, topic: number, bytes = 0): number {
      if (count === capacity) grow();
      const entry = numberAt(count);
      times[entry] = timeNs;
      ranks[entry] = rank;
      topics[entry] = topic;
      sizes[entry] = bytes;
      let place = count;
      count += 1;
      // Later ones step back by one place; equal times keep rank, then order of arrival.
      while (place > 0) {
        const before = numberAt(place - 1);
        const beforeNs = times[before] ?? 0;
        if (beforeNs < timeNs || (beforeNs === timeNs && (ranks[before] ?? 0) <= rank)) break;
        order[(head + place) & (capacity - 1)] = before;
        place -= 1;
      }
      order[(head + place) & (capacity - 1)] = entry;
      return entry * width;
    },
    firstNs: () => (count === 0 ? Number.POSITIVE_INFINITY : (times[numberAt(0)] ?? 0)),
    firstTopic: () => topics[numberAt(0)] ?? 0,
    firstBytes: () => sizes[numberAt(0)] ?? 0,
    firstAt: () => numberAt(0) * width,
    removeFirst(): void {
      // The number of the entry goes to the end of the free ones: it stands there already.
      head = (head + 1) & (capacity - 1);
      count -= 1;
    },
    each(visit: (entry: HeldEntry) => void): void {
      for (let i = 0; i < count; i += 1) {
        const entry = numberAt(i);
        visit({
          timeNs: times[entry] ?? 0,
          rank: ranks[entry] ?? 0,
          topic: topics[entry] ?? 0,
          bytes: sizes[entry] ?? 0,
          at: entry * width,
        });
      }
    },
  };
  return held;
}

export function openSlots(length: number): Slots {
  return {
    states: new Uint8Array(length).fill(slotState.unknown),
    numbers: new Float64Array(length),
    texts: Array.from({ length }, () => undefined),
  };
}
