/** The robot's own clock when a clip is cut: where its time comes from, and whether that holds. */
import { existsSync } from 'node:fs';
import type { ClipManifest } from '@fieldloop/proto';

/** What a synchronised clock leaves behind on Linux, and by whom. */
const signs = [['/run/systemd/timesync/synchronized', 'systemd-timesyncd']] as const;

export function clockFacts(live: {
  readonly nowMs: number;
  readonly newestNs: bigint | undefined;
}): NonNullable<ClipManifest['clock']> {
  const sign = signs.find(([path]) => existsSync(path));
  const [, source] = sign ?? ['', 'system'];
  const { nowMs, newestNs } = live;
  return {
    source,
    synced: sign !== undefined,
    ...(newestNs === undefined ? {} : { offsetMs: Math.round(nowMs - Number(newestNs) / 1e6) }),
  };
}
