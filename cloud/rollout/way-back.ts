/**
 * The way back of a release: robots that could not return to `previous` by themselves are not
 * offered it. A robot is ready when it measures that it runs `previous`, or this release already.
 */
import type { ReleaseManifest } from '../release/release.ts';
import type { Db } from '../store/db.ts';
import { findRelease } from '../store/release-ref.ts';
import { devicesRunning } from './affected.ts';

export interface WayBack {
  /** `name@version` of what a robot goes back to. */
  readonly release: string;
  readonly missing: ReadonlySet<string>;
}

/** Undefined where a release names no way back, or robots are not to take it by themselves. */
export async function wayBackOf(
  db: Db,
  release: { readonly id: string; readonly manifest: ReleaseManifest },
  devices: readonly string[],
): Promise<WayBack | undefined> {
  const { previous, rollback } = release.manifest;
  if (previous === undefined || rollback !== 'automatic') return undefined;
  const refs = [await findRelease(db, previous), await findRelease(db, release.id)];
  const ready = new Set<string>();
  for (const ref of refs) {
    if (ref === undefined) continue;
    const running = await devicesRunning(db, ref, { devices, parts: 'every' });
    for (const { id } of running) ready.add(id);
  }
  return { release: previous, missing: new Set(devices.filter((id) => !ready.has(id))) };
}
