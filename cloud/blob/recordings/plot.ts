/**
 * Signals at the resolution of a screen: smallest, largest, first and last value of each pixel
 * column, so that no spike is lost, in one pass over the chunks of the range.
 */
import { Fault } from '@fieldloop/core';
import {
  type Accessor,
  compileAccessor,
  type IndexedMcap,
  type MessageBlock,
  openIndexedMcap,
  slotState,
  type Slots,
} from '@fieldloop/recording';
import type { PlotSeries, RecordingCalls } from './calls.ts';
import { channelsOf, type OpenStored } from './topics.ts';
import { unitOf } from './units.ts';

type Input = RecordingCalls['plot']['input'];

interface Series {
  readonly path: string;
  readonly topic: string;
  readonly field: string;
  type: string;
  unit: string | undefined;
  messages: number;
  faults: number;
  readonly columns: Columns;
}

/** The accessor of one channel and the series that its slots feed. */
interface Reader {
  readonly accessor: Accessor;
  readonly slots: Slots;
  readonly series: readonly Series[];
}

/** Fault `invalid` for a path that is not in the recording, or is a text. */
export async function plotOf(
  input: Input,
  open: OpenStored,
  signal: AbortSignal,
): Promise<readonly PlotSeries[]> {
  const { startNs, endNs, px } = input;
  const file = await openIndexedMcap(open(input.source));
  const series = input.paths.map((path, i) => openSeries(file, path, { i, px }));
  const readers = openReaders(file, series);
  const edges = edgesOf(endNs - startNs, px);
  const channels = new Set(readers.keys());
  for await (const block of file.blocks({ startNs, endNs, channels, signal })) {
    plotBlock(block, readers, { startNs, edges });
  }
  return series.map(({ columns, type, unit, ...rest }) => ({
    ...rest,
    type,
    ...(unit === undefined ? {} : { unit }),
    columns: columns.shown(),
  }));
}

const folds = ['min', 'max', 'mean', 'sum', 'count', 'first', 'last'] as const;

/** `/odom.twist.twist.linear.x`, `/scan.ranges[]@min`: the longest topic that fits, and a field. */
function openSeries(
  file: IndexedMcap,
  path: string,
  at: { readonly i: number; readonly px: number },
): Series {
  const topics = [...file.channels.values()]
    .map(({ topic }) => topic)
    .filter((topic) => path.startsWith(`${topic}.`))
    .toSorted((a, b) => b.length - a.length);
  const topic = topics[0];
  if (topic === undefined) {
    const [name = ''] = path.split('.');
    channelsOf(file, name, `/query/path/${at.i}`);
    throw new Fault('invalid', `path "${path.slice(0, 128)}" names no field`, {
      place: `/query/path/${at.i}`,
      remedy: 'Write a topic, a dot and a field, such as /odom.twist.twist.linear.x.',
    });
  }
  const field = path.slice(topic.length + 1);
  const columns = new Columns(at.px);
  return { path, topic, field, type: '', unit: undefined, messages: 0, faults: 0, columns };
}

function openReaders(file: IndexedMcap, series: readonly Series[]): ReadonlyMap<number, Reader> {
  const readers = new Map<number, Reader>();
  for (const channel of file.channels.values()) {
    const own = series.filter(({ topic }) => topic === channel.topic);
    if (own.length === 0) continue;
    const accessor = compileAccessor(channel, own.map(specOf));
    for (const [i, one] of own.entries()) {
      one.type = accessor.types[i] ?? 'unknown';
      one.unit = unitOf(channel.schema?.name ?? '', one.field);
      if (one.type !== 'text') continue;
      throw new Fault('invalid', `"${one.path}" is text`, {
        place: '/query/path',
        remedy: 'Plot numbers; texts are read with messages?topic=.',
      });
    }
    const slots: Slots = {
      states: new Uint8Array(own.length),
      numbers: new Float64Array(own.length),
      texts: [],
    };
    readers.set(channel.id, { accessor, slots, series: own });
  }
  return readers;
}

function specOf({ field }: Series) {
  const [path = '', word] = field.split('@');
  if (word === undefined) return { path };
  const fn = folds.find((one) => one === word);
  if (fn !== undefined) return { path, reduce: { fn } };
  throw new Fault('invalid', `"@${word.slice(0, 32)}" folds no list`, {
    place: '/query/path',
    remedy: `Write @ and one of ${folds.join(', ')}.`,
  });
}

/** Where columns begin, ns after the start: column c is `edges[c] .. edges[c + 1])`. */
function edgesOf(spanNs: bigint, px: number): Float64Array {
  const edges = new Float64Array(px + 1);
  const wide = BigInt(px);
  for (let c = 0; c <= px; c += 1) edges[c] = Number((BigInt(c) * spanNs + wide - 1n) / wide);
  return edges;
}

function plotBlock(
  block: MessageBlock,
  readers: ReadonlyMap<number, Reader>,
  range: { readonly startNs: bigint; readonly edges: Float64Array },
): void {
  const { count, channelIds, timesNs } = block;
  const { edges } = range;
  const px = edges.length - 1;
  const span = edges[px] ?? 0;
  const baseNs = Number(block.baseNs - range.startNs);
  for (let i = 0; i < count; i += 1) {
    const reader = readers.get(channelIds[i] ?? 0);
    if (reader === undefined) continue;
    const time = baseNs + (timesNs[i] ?? 0);
    if (time < 0 || time >= span) continue;
    let c = Math.min(px - 1, Math.floor((time / span) * px));
    while (time < (edges[c] ?? 0)) c -= 1;
    while (time >= (edges[c + 1] ?? Infinity)) c += 1;
    const { slots, series } = reader;
    const outcome = reader.accessor.read(block, i, slots, 0);
    for (let k = 0; k < series.length; k += 1) {
      const one = series[k];
      if (one === undefined) continue;
      one.messages += 1;
      if (outcome === 1) one.faults += 1;
      const state = slots.states[k];
      const isNumber = state === slotState.number || state === slotState.truth;
      one.columns.add(c, time, isNumber ? (slots.numbers[k] ?? 0) : Number.NaN);
    }
  }
}

class Columns {
  readonly #count: Uint32Array;
  readonly #gaps: Uint32Array;
  readonly #min: Float64Array;
  readonly #max: Float64Array;
  readonly #first: Float64Array;
  readonly #last: Float64Array;
  readonly #firstAt: Float64Array;
  readonly #lastAt: Float64Array;

  constructor(px: number) {
    this.#count = new Uint32Array(px);
    this.#gaps = new Uint32Array(px);
    this.#min = new Float64Array(px).fill(Infinity);
    this.#max = new Float64Array(px).fill(-Infinity);
    this.#first = new Float64Array(px);
    this.#last = new Float64Array(px);
    this.#firstAt = new Float64Array(px).fill(Infinity);
    this.#lastAt = new Float64Array(px).fill(-Infinity);
  }

  /** Chunks may overlap: times decide what is first and last, equal ones the order of the file. */
  add(c: number, time: number, value: number): void {
    if (!Number.isFinite(value)) {
      this.#gaps[c] = (this.#gaps[c] ?? 0) + 1;
      return;
    }
    this.#count[c] = (this.#count[c] ?? 0) + 1;
    if (value < (this.#min[c] ?? 0)) this.#min[c] = value;
    if (value > (this.#max[c] ?? 0)) this.#max[c] = value;
    if (time < (this.#firstAt[c] ?? 0)) {
      this.#firstAt[c] = time;
      this.#first[c] = value;
    }
    if (time >= (this.#lastAt[c] ?? 0)) {
      this.#lastAt[c] = time;
      this.#last[c] = value;
    }
  }

  shown(): PlotSeries['columns'] {
    const x: number[] = [];
    for (let c = 0; c < this.#count.length; c += 1) {
      if ((this.#count[c] ?? 0) + (this.#gaps[c] ?? 0) > 0) x.push(c);
    }
    const value = (of: Float64Array): (number | null)[] =>
      x.map((c) => ((this.#count[c] ?? 0) === 0 ? null : (of[c] ?? null)));
    return {
      x,
      count: x.map((c) => this.#count[c] ?? 0),
      gaps: x.map((c) => this.#gaps[c] ?? 0),
      min: value(this.#min),
      max: value(this.#max),
      first: value(this.#first),
      last: value(this.#last),
    };
  }
}
