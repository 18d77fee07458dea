/**
 * `every: {randomUniform}`: the UTC day is cut into parts, and each part has one moment, drawn by
 * hash. The same device on the same day has the same moments, whenever the agent was started.
 */
import { canonicalJson, sha256Hex } from '@fieldloop/core';

export interface Drawn {
  readonly device: string;
  readonly rule: string;
  readonly seed: string;
  /** Length of a part, ns; the last one of a day may be shorter. */
  readonly partNs: number;
}

const dayNs = 86_400_000_000_000;

/** The first drawn moment behind `afterNs`; log times in ns. */
export function nextDrawn(drawn: Drawn, afterNs: bigint): bigint {
  let day = floorDiv(afterNs);
  let part = Math.floor(Number(afterNs - day * BigInt(dayNs)) / drawn.partNs);
  for (;;) {
    if (part * drawn.partNs >= dayNs) {
      day += 1n;
      part = 0;
    }
    const atNs = day * BigInt(dayNs) + BigInt(momentOf(drawn, day, part));
    if (atNs > afterNs) return atNs;
    part += 1;
  }
}

/** Length of the part of the day that holds the moment, ns. */
export function partLengthNs({ partNs }: Pick<Drawn, 'partNs'>, atNs: bigint): number {
  const inDay = Number(atNs - floorDiv(atNs) * BigInt(dayNs));
  const startNs = Math.floor(inDay / partNs) * partNs;
  return Math.min(partNs, dayNs - startNs);
}

/** Ns of the day. */
function momentOf({ device, rule, seed, partNs }: Drawn, day: bigint, part: number): number {
  const hash = sha256Hex(canonicalJson([seed, device, String(day), rule, part]));
  const share = Number.parseInt(hash.slice(0, 13), 16) / 2 ** 52;
  const startNs = part * partNs;
  return startNs + Math.floor(share * Math.min(partNs, dayNs - startNs));
}

function floorDiv(ns: bigint): bigint {
  const day = ns / BigInt(dayNs);
  return ns < day * BigInt(dayNs) ? day - 1n : day;
}
