/**
 * `sample: {strategy: novelty}`: whether an embedding is unlike those of the clips that were kept.
 * The distance is 1 - cosine, 0 to 2. What was kept is held as bytes of the unit vector, so that a
 * checkpoint stays small and every machine compares the same numbers.
 */
import type { Json } from '@fieldloop/core';
import * as limits from './limits.ts';

export interface Novelty {
  readonly minDistance: number;
  /** Unit vectors times 127, oldest first. */
  readonly kept: Int8Array[];
}

export const openNovelty = (minDistance: number): Novelty => ({ minDistance, kept: [] });

/** Bytes of the unit vector of base64 of single precision numbers; undefined when there is none. */
export function embeddingOf(base64: string | undefined): Int8Array | undefined {
  if (base64 === undefined || base64.length > limits.embeddingDimensions * 6) return undefined;
  const bytes = Buffer.from(base64, 'base64');
  const count = bytes.length >> 2;
  if (count === 0 || count > limits.embeddingDimensions) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let squares = 0;
  for (let i = 0; i < count; i += 1) squares += view.getFloat32(i * 4, true) ** 2;
  if (!(squares > 0) || squares === Number.POSITIVE_INFINITY) return undefined;
  const scale = 127 / Math.sqrt(squares);
  return Int8Array.from({ length: count }, (_, i) =>
    Math.round(view.getFloat32(i * 4, true) * scale),
  );
}

/** What has no embedding cannot be told from what is new. */
export function isNovel({ kept, minDistance }: Novelty, embedding: Int8Array | undefined): boolean {
  if (embedding === undefined) return true;
  return kept.every((other) => distance(embedding, other) >= minDistance);
}

export function keepEmbedding({ kept }: Novelty, embedding: Int8Array | undefined): void {
  if (embedding === undefined) return;
  if (kept.length >= limits.noveltyKept) kept.shift();
  kept.push(embedding);
}

/** Vectors of two models are as far apart as can be. */
function distance(a: Int8Array, b: Int8Array): number {
  if (a.length !== b.length) return 2;
  let [dot, squaresA, squaresB] = [0, 0, 0];
  for (const [i, x] of a.entries()) {
    const y = b[i] ?? 0;
    dot += x * y;
    squaresA += x * x;
    squaresB += y * y;
  }
  return 1 - dot / Math.sqrt(squaresA * squaresB);
}

export const saveNovelty = ({ kept }: Novelty): Json =>
  kept.map((one) => Buffer.from(one.buffer, one.byteOffset, one.length).toString('base64'));

export function loadNovelty({ kept }: Novelty, saved: Json): void {
  const vectors = (saved as string[]).map((text) => {
    const bytes = Buffer.from(text, 'base64');
    return new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  });
  kept.splice(0, kept.length, ...vectors);
}
