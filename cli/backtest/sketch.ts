/** Values of the numeric signals, at most one a second, for a picture of a session. */
import { type Channel, compileAccessor, type RecordingItem, slotState } from '@fieldloop/recording';
import type { RuleSet, Signal } from '@fieldloop/rules';
import type { SignalSketch } from './protocol.ts';

export interface Sketch {
  take(item: RecordingItem): void;
  end(): SignalSketch[];
}

/** Signals that are drawn, and samples of each. */
const mostSignals = 24;
const mostSamples = 200_000;
const everyNs = 1_000_000_000;

interface Line {
  readonly signal: Signal;
  readonly atS: number[];
  readonly values: number[];
}

interface Reading {
  readonly lines: readonly Line[];
  readonly read: (block: Block, i: number, atNs: number) => void;
  nextNs: number;
}

type Block = Extract<RecordingItem, { kind: 'block' }>['block'];

export function openSketch(ruleSet: RuleSet): Sketch {
  const lines = ruleSet.signals
    .filter(({ type, path }) => type === 'double' && typeof path === 'string')
    .slice(0, mostSignals)
    .map((signal): Line => ({ signal, atS: [], values: [] }));
  const readings: (Reading | undefined)[] = [];
  let originNs: bigint | undefined;
  return {
    take(item) {
      if (item.kind === 'channel') readings[item.channel.id] = readingOf(item.channel, lines);
      if (item.kind !== 'block' || item.block.count === 0) return;
      const { block } = item;
      originNs ??= block.baseNs;
      const baseNs = Number(block.baseNs - originNs);
      for (let i = 0; i < block.count; i += 1) {
        const reading = readings[block.channelIds[i] ?? 0];
        if (reading === undefined) continue;
        const atNs = baseNs + (block.timesNs[i] ?? 0);
        if (atNs < reading.nextNs) continue;
        reading.nextNs = atNs + everyNs;
        reading.read(block, i, atNs);
      }
    },
    end: () =>
      lines
        .filter(({ values }) => values.length > 1)
        .map(({ signal: { name, unit }, atS, values }) => ({
          signal: name,
          unit,
          atS,
          values,
          originNs: originNs ?? 0n,
        })),
  };
}

function readingOf(channel: Channel, lines: readonly Line[]): Reading | undefined {
  const own = lines.filter(({ signal }) => signal.topic === channel.topic);
  const readers = own.flatMap((line) => {
    try {
      const { path, reduce } = line.signal;
      return [{ line, accessor: compileAccessor(channel, [{ path, reduce }]) }];
    } catch {
      // A field that the schema has not: lint says so, and there is nothing to draw.
      return [];
    }
  });
  if (readers.length === 0) return undefined;
  const slots = { states: new Uint8Array(1), numbers: new Float64Array(1), texts: [undefined] };
  return {
    lines: own,
    nextNs: Number.NEGATIVE_INFINITY,
    read(block, i, atNs) {
      for (const { line, accessor } of readers) {
        accessor.read(block, i, slots, 0);
        const value = slots.numbers[0] ?? Number.NaN;
        if (slots.states[0] !== slotState.number || !Number.isFinite(value)) continue;
        if (line.values.length >= mostSamples) continue;
        line.atS.push(atNs / 1e9);
        line.values.push(value);
      }
    },
  };
}
