/**
 * Messages between their arrival and the watermark, in order of log time. What arrives in order
 * costs one append; what arrives late is moved past the few that are later. Values are read at
 * arrival, so that no block of a recording is kept.
 */
import { type Slots, slotState } from '@fieldloop/recording/slots';

interface HeldEntry {
  readonly timeNs: number;
  readonly rank: number;
  readonly topic: number;
  /** Of the message. */
  readonly bytes: number;
  readonly at: number;
}

const firstCapacity = 256;

export class Held {
  /** Where values of the entry being added go; it changes when the store grows. */
  slots: Slots;
  readonly #width: number;
  #mask = firstCapacity - 1;
  #times = new Float64Array(firstCapacity);
  #ranks = new Uint32Array(firstCapacity);
  #topics = new Int32Array(firstCapacity);
  #sizes = new Float64Array(firstCapacity);
  /** Entry numbers in order of time, wrapped by a mask; free ones follow behind the last. */
  #order = Int32Array.from({ length: firstCapacity }, (_, i) => i);
  #head = 0;
  #count = 0;

  /** `stride`: values of the widest topic. */
  constructor(stride: number) {
    this.#width = Math.max(1, stride);
    this.slots = openSlots(firstCapacity * this.#width);
  }

  size(): number {
    return this.#count;
  }

  /** The place in `slots` for the values of a new entry. */
  add(timeNs: number, rank: number, topic: number, bytes = 0): number {
    if (this.#count > this.#mask) this.#grow();
    const mask = this.#mask;
    const order = this.#order;
    const times = this.#times;
    const head = this.#head;
    let place = this.#count;
    this.#count = place + 1;
    const entry = order[(head + place) & mask] ?? 0;
    times[entry] = timeNs;
    this.#ranks[entry] = rank;
    this.#topics[entry] = topic;
    this.#sizes[entry] = bytes;
    // Later ones step back by one place; equal times keep rank, then order of arrival.
    while (place > 0) {
      const before = order[(head + place - 1) & mask] ?? 0;
      const beforeNs = times[before] ?? 0;
      if (beforeNs < timeNs) break;
      if (beforeNs === timeNs && (this.#ranks[before] ?? 0) <= rank) break;
      order[(head + place) & mask] = before;
      order[(head + place - 1) & mask] = entry;
      place -= 1;
    }
    return entry * this.#width;
  }

  /** The number of the earliest entry; there must be one. */
  first(): number {
    return this.#order[this.#head] ?? 0;
  }

  timeOf(entry: number): number {
    return this.#times[entry] ?? 0;
  }

  topicOf(entry: number): number {
    return this.#topics[entry] ?? 0;
  }

  bytesOf(entry: number): number {
    return this.#sizes[entry] ?? 0;
  }

  /** Where the values of the entry stand. */
  placeOf(entry: number): number {
    return entry * this.#width;
  }

  removeFirst(): void {
    // The number of the entry goes to the end of the free ones: it stands there already.
    this.#head = (this.#head + 1) & this.#mask;
    this.#count -= 1;
  }

  /** Entries in order, for a checkpoint. */
  each(visit: (entry: HeldEntry) => void): void {
    for (let i = 0; i < this.#count; i += 1) {
      const entry = this.#order[(this.#head + i) & this.#mask] ?? 0;
      visit({
        timeNs: this.#times[entry] ?? 0,
        rank: this.#ranks[entry] ?? 0,
        topic: this.#topics[entry] ?? 0,
        bytes: this.#sizes[entry] ?? 0,
        at: entry * this.#width,
      });
    }
  }

  #grow(): void {
    const before = this.#mask + 1;
    const capacity = before * 2;
    const order = Int32Array.from({ length: capacity }, (_, i) => i);
    for (let i = 0; i < this.#count; i += 1) {
      order[i] = this.#order[(this.#head + i) & this.#mask] ?? 0;
    }
    this.#order = order;
    this.#head = 0;
    this.#mask = capacity - 1;
    this.#times = grown(this.#times, new Float64Array(capacity));
    this.#ranks = grown(this.#ranks, new Uint32Array(capacity));
    this.#topics = grown(this.#topics, new Int32Array(capacity));
    this.#sizes = grown(this.#sizes, new Float64Array(capacity));
    const { states, numbers, texts } = this.slots;
    this.slots = openSlots(capacity * this.#width);
    this.slots.states.set(states);
    this.slots.numbers.set(numbers);
    for (const [i, text] of texts.entries()) this.slots.texts[i] = text;
  }
}

function grown<T extends Float64Array | Uint32Array | Int32Array>(from: T, into: T): T {
  into.set(from);
  return into;
}

export function openSlots(length: number): Slots {
  return {
    states: new Uint8Array(length).fill(slotState.unknown),
    numbers: new Float64Array(length),
    texts: Array.from({ length }, () => undefined),
  };
}
