/** The robot's own clock when a clip is cut: where its time comes from, and whether that holds. */
import type { ClipManifest } from '@fieldloop/proto';

export interface ClockState {
  /** It is right, as far as the system can say. */
  readonly synced: boolean;
  /** Who keeps it: `systemd-timesyncd`, `ntp` for others, `system` for nobody that is known. */
  readonly source: string;
}

/** Before anybody was asked. */
export const unknownClock: ClockState = { synced: false, source: 'system' };

export function clockFacts(
  { synced, source }: ClockState,
  live: { readonly nowMs: number; readonly newestNs: bigint | undefined },
): NonNullable<ClipManifest['clock']> {
  const { nowMs, newestNs } = live;
  return {
    source,
    synced,
    ...(newestNs === undefined ? {} : { offsetMs: Math.round(nowMs - Number(newestNs) / 1e6) }),
  };
}
