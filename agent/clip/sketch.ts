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
  /** ms after the start of the clip, and the value there. */
  readonly points: (readonly [atMs: number, value: number])[];
}

async function linesOf(wish: SketchWish, source: SketchSource): Promise<Line[]> {
  const signals = wish.signals.slice(0, maxSketchSignals);
  const lines = signals.map(({ name, unit }): Line => ({ name, unit, points: [] }));
  const readings = readingsOf(signals, lines, source.channels);
  for (const held of source.held) {
    if (held.lastNs < wish.startNs || held.firstNs > wish.endNs) continue;
    if (!held.channels.some((id) => readings.has(id))) continue;
    const block = await held.load(source.loading);
    if (block !== undefined) readBlock(block, wish, readings);
  }
  for (const name of wish.scores.slice(0, maxSketchSignals - lines.length)) {
    lines.push({ name, unit: undefined, points: scorePoints(name, wish, source.records) });
  }
  return lines.filter(({ points }) => points.length > 0);
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
        if (isNumber && Number.isFinite(value)) lines[k]?.points.push([atMs, value]);
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

function scorePoints(
  name: string,
  { startNs, endNs }: SketchWish,
  records: readonly ScoreRecord[],
): Line['points'] {
  return records.flatMap(({ scorer, atNs, values }) => {
    if (!name.startsWith(`${scorer}.`) || atNs < startNs || atNs > endNs) return [];
    const value = (values as Readonly<Record<string, number>>)[name.slice(scorer.length + 1)];
    if (value === undefined || !Number.isFinite(value)) return [];
    return [[Number(atNs - startNs) / 1e6, value] as const];
  });
}

/** `values[i]` is of the part from `i * stepMs` on; null where there was none. */
function documentOf(lines: readonly Line[], { startNs, endNs }: SketchWish, points: number) {
  const lengthMs = Number(endNs - startNs) / 1e6;
  const stepMs = Math.max(1e-3, lengthMs / points);
  return {
    startNs: String(startNs),
    stepMs,
    signals: lines.map(({ name, unit, points: all }) => ({
      name,
      ...(unit === undefined ? {} : { unit }),
      values: parted(all, stepMs, points),
    })),
  };
}

function parted(points: Line['points'], stepMs: number, count: number): (number | null)[] {
  const values: (number | null)[] = Array.from({ length: count }, () => null);
  const ordered = points.toSorted(([a], [b]) => a - b);
  let before = ordered[0]?.[1] ?? 0;
  let part = -1;
  for (const [atMs, value] of ordered) {
    const here = Math.min(count - 1, Math.floor(atMs / stepMs));
    const own = here === part ? (values[here] ?? before) : undefined;
    if (own === undefined && part >= 0) before = values[part] ?? before;
    part = here;
    const isFarther = own === undefined || Math.abs(value - before) >= Math.abs(own - before);
    if (isFarther) values[here] = Number(value.toPrecision(4));
  }
  return values;
}
