/**
 * Labelled moments and the frames that show them. The built-in trainer, the checks of what any
 * trainer made, and evaluations read frames by this one file.
 */
import { join } from 'node:path';
import { asFault, Fault } from '@fieldloop/core';
import { contentTensor, frameContent, type ModelInput, type RgbImage } from '@fieldloop/learning';
import {
  decodeMessage,
  type IndexedMcap,
  inTimeOrder,
  messageAt,
  openIndexedMcap,
} from '@fieldloop/recording';
import { openFile } from '@fieldloop/recording/file';
import { framesOfRange } from '../../training-limits.ts';

/** A moment or a range of a clip, with or without its class. */
export interface Unit {
  readonly clipSha256: string;
  readonly startNs: bigint;
  /** Equal to the start for a frame. */
  readonly endNs: bigint;
  readonly class?: string | undefined;
  /** Frames of a range that are wanted; a few unless said. */
  readonly frames?: number | undefined;
}

/** Tensors of a unit in the order of time, or why there are none. */
export interface UnitFrames<U extends Unit> {
  readonly unit: U;
  readonly tensors: readonly Float32Array[];
  readonly fault?: Fault | undefined;
}

export type DecodeImage = (bytes: Uint8Array) => Promise<RgbImage>;

/** Loaded when the first picture is met. */
export const decodeImage: DecodeImage = async (bytes) =>
  await (await import('../../blob/recordings/image.ts')).rgbImage(bytes);

/** Unit by unit, clip by clip; the order of the units is kept inside a clip. */
export async function* unitFrames<U extends Unit>(
  units: readonly U[],
  from: { readonly clips: string; readonly input: ModelInput },
): AsyncGenerator<UnitFrames<U>, void> {
  for (const [sha256, some] of Map.groupBy(units, ({ clipSha256 }) => clipSha256)) {
    yield* clipFrames(some, { ...from, sha256 });
  }
}

interface From {
  readonly clips: string;
  readonly input: ModelInput;
  readonly sha256: string;
}

async function* clipFrames<U extends Unit>(
  units: readonly U[],
  from: From,
): AsyncGenerator<UnitFrames<U>, void> {
  let found: readonly UnitFrames<U>[];
  try {
    await using file = await openFile(join(from.clips, `${from.sha256}.mcap`));
    found = await framesIn(await openIndexedMcap(file), units, from.input);
  } catch (error) {
    const fault = asFault(error);
    if (fault.code === 'internal') throw error;
    found = units.map((unit) => ({ unit, tensors: [], fault }));
  }
  yield* found;
}

async function framesIn<U extends Unit>(
  file: IndexedMcap,
  units: readonly U[],
  input: ModelInput,
): Promise<readonly UnitFrames<U>[]> {
  const channels = new Set(
    [...file.channels.values()].filter(({ topic }) => topic === input.topic).map(({ id }) => id),
  );
  const times = await timesOf(file, channels);
  if (times.length === 0) {
    throw new Fault('not_found', `the clip has no messages of ${input.topic}`, {
      place: file.name,
      remedy: 'Let the rules that make clips keep the topic that the model reads.',
    });
  }
  const chosen = units.map((unit) => chosenTimes(times, unit));
  const wanted = new Set(chosen.flat());
  const tensors = await tensorsAt(file, { wanted, channels, input });
  return units.map((unit, i) => {
    const own = (chosen[i] ?? []).map((ns) => tensors.get(ns));
    const fault = own.find((one) => one instanceof Fault);
    return fault === undefined
      ? { unit, tensors: own.filter((one) => one instanceof Float32Array) }
      : { unit, tensors: [], fault };
  });
}

async function timesOf(
  file: IndexedMcap,
  channels: ReadonlySet<number>,
): Promise<readonly bigint[]> {
  const times: bigint[] = [];
  for (const chunk of file.chunks) {
    for (const id of channels) {
      for (const { logTimeNs } of await file.entries(chunk, id)) times.push(logTimeNs);
    }
  }
  return times.toSorted((a, b) => (a < b ? -1 : Number(a > b)));
}

/** Of an instant, the nearest frame; of a range, some of its frames, evenly apart. */
export function chosenTimes(
  times: readonly bigint[],
  { startNs, endNs, frames = framesOfRange }: Pick<Unit, 'startNs' | 'endNs' | 'frames'>,
): readonly bigint[] {
  const inside = times.filter((ns) => ns >= startNs && ns <= endNs);
  if (inside.length === 0 || startNs === endNs) {
    const away = (ns: bigint): bigint => (ns < startNs ? startNs - ns : ns - startNs);
    const nearest = times.reduce<bigint | undefined>(
      (best, ns) => (best === undefined || away(ns) < away(best) ? ns : best),
      undefined,
    );
    return nearest === undefined ? [] : [nearest];
  }
  if (inside.length <= frames) return inside;
  return Array.from(
    { length: frames },
    (_, i) => inside[Math.floor(((i + 0.5) * inside.length) / frames)] ?? startNs,
  );
}

async function tensorsAt(
  file: IndexedMcap,
  of: {
    readonly wanted: ReadonlySet<bigint>;
    readonly channels: ReadonlySet<number>;
    readonly input: ModelInput;
  },
): Promise<ReadonlyMap<bigint, Float32Array | Fault>> {
  const { wanted, channels, input } = of;
  const found = new Map<bigint, Float32Array | Fault>();
  const sorted = [...wanted].toSorted((a, b) => (a < b ? -1 : Number(a > b)));
  const last = sorted.at(-1);
  if (last === undefined) return found;
  const range = { startNs: sorted[0], endNs: last + 1n, channels };
  for await (const run of inTimeOrder(file, range)) {
    for (const { block, i, logTimeNs } of run) {
      if (!wanted.has(logTimeNs) || found.has(logTimeNs)) continue;
      const channel = file.channels.get(block.channelIds[i] ?? 0);
      if (channel === undefined || !channels.has(channel.id)) continue;
      try {
        const message = decodeMessage(channel, messageAt(block, i).data);
        const content = frameContent(message, input);
        found.set(logTimeNs, await contentTensor(content, input, decodeImage));
      } catch (error) {
        const fault = asFault(error);
        if (fault.code === 'internal') throw error;
        found.set(logTimeNs, fault);
      }
    }
  }
  return found;
}
