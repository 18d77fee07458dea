/** The clips that the cloud does not have, with an uplink and without. Pure. */
import type { BufferCounts } from '../buffer/types.ts';

export interface Backlog {
  readonly backlogClips: number;
  /** Age of the oldest of them, seconds; 0 without one. */
  readonly backlogS: number;
  /** Clips that the cloud refused: they wait for nothing and stay until room is needed. */
  readonly refusedClips: number;
}

export function backlogOf({ clips, oldestMs }: BufferCounts, nowMs: number): Backlog {
  const backlogClips = clips.sealed + clips.offered + clips.uploading;
  const isBehind = backlogClips > 0 && oldestMs !== undefined;
  return {
    backlogClips,
    backlogS: isBehind ? Math.max(0, nowMs - oldestMs) / 1000 : 0,
    refusedClips: clips.refused,
  };
}
