/**
 * The signals of a clip's rules as a few numbers: of each part of its time the value that lies
 * farthest from the one before, so that a spike survives. JSON, compressed, within the bytes that
 * go up with a manifest.
 */
import { gzipSync } from 'node:zlib';
import {
  type Channel,
  compileAccessor,
  type MessageBlock,
  type Slots,
  slotState,
} from '@fieldloop/recording';
import type { Signal } from '@fieldloop/rules';
import {
  leastSketchPoints,
  maxSketchPoints,
  maxSketchSignals,
  previewBytes,
} from '../clip-limits.ts';
import type { ScoreRecord } from '../score/scoring.ts';
import type { WindowBlock } from '../window/entry.ts';
import type { Loading } from '../window/loading.ts';
import { openSketchLine, type SketchLine, sketchStepMs } from './sketch-line.ts';

type SketchSignal = Pick<Signal, 'name' | 'topic' | 'path' | 'reduce' | 'unit'>;

export interface SketchWish {
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly signals: readonly SketchSignal[];
  /** Names such as `ood.entropy`. */
  readonly scores: readonly string[];
}

export interface SketchSource {
  readonly channels: ReadonlyMap<number, Channel>;
  readonly held: readonly WindowBlock[];
  readonly loading: Loading;
  readonly records: readonly ScoreRecord[];
}

/** Undefined when there is nothing to draw. */
export async function sketchOf(
  wish: SketchWish,
  source: SketchSource,
): Promise<Uint8Array | undefined> {
  const lines = await linesOf(wish, source);
  if (lines.length === 0) return undefined;
  for (let points = maxSketchPoints; points >= leastSketchPoints; points /= 2) {
    const bytes = gzipSync(JSON.stringify(documentOf(lines, wish, points)), { level: 9 });
    if (bytes.length <= previewBytes) return bytes;
  }
  return undefined;
}

interface Line {
  readonly name: string;
  readonly unit: string | undefined;
  readonly values: SketchLine;
}

const lengthMsOf = ({ startNs, endNs }: SketchWish): number => Number(endNs - startNs) / 1e6;

async function linesOf(wish: SketchWish, source: SketchSource): Promise<Line[]> {
  const signals = wish.signals.slice(0, maxSketchSignals);
  const lengthMs = lengthMsOf(wish);
  const lines = signals.map(
    ({ name, unit }): Line => ({ name, unit, values: openSketchLine(lengthMs) }),
  );
  const readings = readingsOf(signals, lines, source.channels);
  for (const held of source.held) {
    if (held.lastNs < wish.startNs || held.firstNs > wish.endNs) continue;
    if (!held.channels.some((id) => readings.has(id))) continue;
    const block = await held.load(source.loading);
    if (block !== undefined) readBlock(block, wish, readings);
  }
  for (const name of wish.scores.slice(0, maxSketchSignals - lines.length)) {
    const values = openSketchLine(lengthMs);
    readScores(name, wish, { records: source.records, values });
    lines.push({ name, unit: undefined, values });
  }
  return lines.filter(({ values }) => !values.isEmpty);
}

/** Takes message i of a block at a moment. */
type Reading = (block: MessageBlock, i: number, atMs: number) => void;

function readingsOf(
  signals: readonly SketchSignal[],
  lines: readonly Line[],
  channels: ReadonlyMap<number, Channel>,
): Map<number, Reading> {
  const readings = new Map<number, Reading>();
  for (const channel of channels.values()) {
    const own = signals.flatMap((signal, k) => (signal.topic === channel.topic ? [k] : []));
    const reading = own.length === 0 ? undefined : readingOf(channel, own, signals, lines);
    if (reading !== undefined) readings.set(channel.id, reading);
  }
  return readings;
}

function readingOf(
  channel: Channel,
  own: readonly number[],
  signals: readonly SketchSignal[],
  lines: readonly Line[],
): Reading | undefined {
  const specs = own.flatMap((k) => {
    const signal = signals[k];
    return signal === undefined ? [] : [{ path: signal.path, reduce: signal.reduce }];
  });
  const slots: Slots = {
    states: new Uint8Array(specs.length),
    numbers: new Float64Array(specs.length),
    texts: specs.map(() => undefined),
  };
  try {
    const accessor = compileAccessor(channel, specs);
    return (block, i, atMs) => {
      if (accessor.read(block, i, slots, 0) !== 0) return;
      for (const [at, k] of own.entries()) {
        const value = slots.numbers[at] ?? Number.NaN;
        const state = slots.states[at];
        const isNumber = state === slotState.number || state === slotState.truth;
        if (isNumber && Number.isFinite(value)) lines[k]?.values.add(atMs, value);
      }
    };
  } catch {
    // A channel without the field has no line; the rule's own counters tell of it.
    return undefined;
  }
}

function readBlock(
  block: MessageBlock,
  wish: SketchWish,
  readings: ReadonlyMap<number, Reading>,
): void {
  const [from, to] = [wish.startNs, wish.endNs].map((ns) => Number(ns - block.baseNs));
  const [startNs = 0, endNs = 0] = [from, to];
  for (let i = 0; i < block.count; i += 1) {
    const time = block.timesNs[i] ?? 0;
    if (time < startNs || time > endNs) continue;
    readings.get(block.channelIds[i] ?? 0)?.(block, i, (time - startNs) / 1e6);
  }
}

function readScores(
  name: string,
  { startNs, endNs }: SketchWish,
  { records, values }: { readonly records: readonly ScoreRecord[]; readonly values: SketchLine },
): void {
  for (const { scorer, atNs, values: given } of records) {
    if (!name.startsWith(`${scorer}.`) || atNs < startNs || atNs > endNs) continue;
    const value = (given as Readonly<Record<string, number>>)[name.slice(scorer.length + 1)];
    if (value === undefined || !Number.isFinite(value)) continue;
    values.add(Number(atNs - startNs) / 1e6, value);
  }
}

/** `values[i]` is of the part from `i * stepMs` on; null where there was none. */
function documentOf(lines: readonly Line[], wish: SketchWish, points: number) {
  return {
    startNs: String(wish.startNs),
    stepMs: sketchStepMs(lengthMsOf(wish), points),
    signals: lines.map(({ name, unit, values }) => ({
      name,
      ...(unit === undefined ? {} : { unit }),
      values: values.parted(points),
    })),
  };
}
