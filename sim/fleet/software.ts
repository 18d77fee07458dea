/**
 * What a simulated device runs and what it was told to: a wish is fetched, checked, then run; one
 * that fails its check is not tried again under the same attempt. Pure.
 */
import { canonicalJson, sha256Hex } from '@fieldloop/core';
import type { ArtifactRef, DesiredModels, ModelsReport } from '@fieldloop/proto';
import type { Program } from './program.ts';

export type Wish = {
  readonly release?: string | undefined;
  readonly rollout?: string | undefined;
  readonly attempt?: number | undefined;
  /** By component. */
  readonly files: Readonly<Record<string, ArtifactRef>>;
};

export interface Software {
  /** Under which wish it runs; without files: what the device was made with. */
  readonly of: Wish;
  readonly programs: Readonly<Record<string, Program>>;
  readonly sinceMs: number;
  /** On its way. */
  readonly wanted: Wish | undefined;
  readonly rejected: { readonly wish: Wish; readonly why: string } | undefined;
}

export const asMade: Software = {
  of: { files: {} },
  programs: {},
  sinceMs: 0,
  wanted: undefined,
  rejected: undefined,
};

const textOf = (wish: Wish): string => canonicalJson(wish);
const isSame = (a: Wish | undefined, b: Wish): boolean =>
  a !== undefined && textOf(a) === textOf(b);
const hasSameFiles = (a: Wish, b: Wish): boolean =>
  canonicalJson(a.files) === canonicalJson(b.files);

/** What the cloud wants; the same again changes nothing. */
export function wish(before: Software, desired: DesiredModels): Software {
  const { release, rollout, attempt, sim = {} } = desired;
  const next: Wish = {
    files: sim,
    ...(release === undefined ? {} : { release }),
    ...(rollout === undefined ? {} : { rollout }),
    ...(attempt === undefined ? {} : { attempt }),
  };
  if (isSame(before.rejected?.wish, next) || isSame(before.wanted, next)) return before;
  if (hasSameFiles(before.of, next)) {
    return { ...before, of: next, wanted: undefined, rejected: undefined };
  }
  return { ...before, wanted: next, rejected: undefined };
}

/** Every file is here and was read. */
export function tried(
  before: Software,
  programs: Readonly<Record<string, Program>>,
  atMs: number,
): Software {
  const { wanted } = before;
  if (wanted === undefined) return before;
  const bad = Object.entries(programs).find(([, { check }]) => check === 'fails');
  if (bad !== undefined) return rejected(before, `${bad[0]} fails the check at its start`);
  return { of: wanted, programs, sinceMs: atMs, wanted: undefined, rejected: undefined };
}

/** What ran runs on. */
export function rejected(before: Software, why: string): Software {
  const { wanted } = before;
  if (wanted === undefined) return before;
  return { ...before, wanted: undefined, rejected: { wish: wanted, why } };
}

/** Of all that it runs. */
export const failuresPerHour = ({ programs }: Software): number =>
  Object.values(programs).reduce((sum, one) => sum + one.failuresPerHour, 0);

/** The section `models` as robots report it: digests are those of the bytes that run. */
export function softwareReport(software: Software): ModelsReport {
  const { of, programs, sinceMs, wanted, rejected: refused } = software;
  const running = Object.fromEntries(
    Object.entries(programs).map(([name, { sha256, version }]) => {
      return [name, { sha256, version, since: sinceMs }] as const;
    }),
  );
  const isAsMade = Object.keys(of.files).length === 0;
  const { release, rollout, attempt } = wanted ?? refused?.wish ?? of;
  const document = {
    running,
    state: stateOf(software, isAsMade),
    ...(release === undefined ? {} : { release }),
    ...(rollout === undefined ? {} : { rollout }),
    ...(attempt === undefined ? {} : { attempt }),
    ...(refused === undefined ? {} : { fault: { code: 'invalid', message: refused.why } }),
  };
  return { ...document, digest: sha256Hex(canonicalJson(document)) };
}

function stateOf(
  { wanted, rejected: refused }: Software,
  isAsMade: boolean,
): ModelsReport['state'] {
  if (wanted !== undefined) return 'downloading';
  if (refused !== undefined) return 'rejected';
  return isAsMade ? 'idle' : 'running';
}
