/**
 * The start of a buffer after any end: disk and database are compared both ways, and what a crash
 * left between two durable steps is carried through. No file is lost in silence, none counts twice.
 */
import { join } from 'node:path';
import { asFault, type Clock, Fault, type Log } from '@fieldloop/core';
import { adoptedTogether, maxQuarantinedFiles } from '../limits.ts';
import type { Aside } from './aside.ts';
import type { FoundClip } from './clip-file.ts';
import type { ClipTable } from './clips.ts';
import { type Disk, fileSize, names } from './disk.ts';
import { clipFolder, clipPath, type Places } from './places.ts';
import type { HeldClip, RecoveryReport } from './types.ts';

export interface RecoverDeps {
  readonly places: Places;
  readonly disk: Disk;
  readonly clips: ClipTable;
  readonly clock: Clock;
  readonly log: Log;
  readonly readClip: (path: string) => Promise<FoundClip>;
  /** Fault `invalid` when no message can carry the clip's manifest. */
  readonly expectTellable: (clip: FoundClip) => void;
  /** One transaction for all: row, manifest row, ledger. */
  readonly adopt: (clips: readonly FoundClip[]) => void;
  /** Marks the numbers that were handed out. */
  readonly keepUp: () => void;
  /** One transaction: the row becomes a tombstone and the cloud is told. */
  readonly lose: (clip: HeldClip, fate: 'lost' | 'quarantined') => void;
  /** Carries a delete through: the file goes, or into quarantine; its row becomes a tombstone. */
  readonly finishDelete: (clip: Pick<HeldClip, 'clipId' | 'sha256'>) => Promise<void>;
  /** An event for a file of which the cloud learns nothing else. */
  readonly tell: (aside: Aside) => void;
}

type Tally = { -readonly [K in keyof RecoveryReport]: RecoveryReport[K] };

export async function recover(deps: RecoverDeps): Promise<RecoveryReport> {
  const tally: Tally = {
    adopted: 0,
    sealedParts: 0,
    quarantined: 0,
    lost: 0,
    finishedDeletes: 0,
    removedDuplicates: 0,
    rebuilt: false,
  };
  const adopter = openAdopter(deps, tally);
  await finishDeletes(deps, tally);
  await compareClips(deps, tally, adopter);
  tally.adopted = await adopter.finish();
  await takeParts(deps, tally, adopter);
  tally.sealedParts = await adopter.finish();
  await pruneQuarantine(deps);
  return tally;
}

async function finishDeletes(deps: RecoverDeps, tally: Tally): Promise<void> {
  for (const clip of deps.clips.deleting()) {
    try {
      await deps.finishDelete(clip);
      tally.finishedDeletes += 1;
    } catch (error) {
      if (!leaveFor(deps, error)) throw error;
    }
  }
}

async function compareClips(deps: RecoverDeps, tally: Tally, adopter: Adopter): Promise<void> {
  const { places, clips } = deps;
  const rows = new Map(clips.all().map((clip) => [clip.sha256, clip]));
  for (const folder of await names(places.clips)) {
    if (!/^[0-9a-f]{2}$/.test(folder)) {
      const path = join(places.clips, folder);
      await putAside(deps, tally, { path, reason: 'it is no folder of clips' });
      continue;
    }
    for (const name of await names(join(places.clips, folder))) {
      const path = join(places.clips, folder, name);
      const sha256 = /^([0-9a-f]{64})\.mcap$/.exec(name)?.[1];
      if (sha256 === undefined || !sha256.startsWith(folder)) {
        await putAside(deps, tally, { path, reason: 'the name is not that of a clip' });
        continue;
      }
      const row = rows.get(sha256);
      rows.delete(sha256);
      if (row === undefined) await takeFile(deps, tally, { path, sha256, adopter });
      else await checkFile(deps, tally, { path, row });
    }
  }
  for (const row of rows.values()) {
    // Its file went as it should; what it has become is noted once the disk takes it.
    if (row.state === 'deleting') continue;
    deps.log.error('a clip of the buffer is gone from the disk', { clipId: row.clipId });
    if (lose(deps, row, 'lost')) tally.lost += 1;
  }
}

/** False when the disk does not take it: the row stays for the next start. */
function lose(deps: RecoverDeps, row: HeldClip, fate: 'lost' | 'quarantined'): boolean {
  try {
    deps.lose(row, fate);
    return true;
  } catch (error) {
    if (leaveFor(deps, error)) return false;
    throw error;
  }
}

/** Size only: a start with ten thousand clips must not read them all. */
async function checkFile(
  deps: RecoverDeps,
  tally: Tally,
  found: { path: string; row: HeldClip },
): Promise<void> {
  const size = await fileSize(found.path);
  if (size === found.row.sizeBytes) return;
  const { sizeBytes } = found.row;
  const reason = `it has ${size} bytes instead of ${sizeBytes}`;
  await putAside(deps, tally, { path: found.path, reason });
  lose(deps, found.row, 'quarantined');
}

async function takeFile(
  deps: RecoverDeps,
  tally: Tally,
  found: { path: string; sha256: string; adopter: Adopter },
): Promise<void> {
  const fate = deps.clips.tombstone({ sha256: found.sha256 });
  if (fate === 'deleted' || fate === 'evicted') {
    await deps.disk.remove(found.path);
    await deps.disk.syncFolder(clipFolder(deps.places, found.sha256));
    tally.removedDuplicates += 1;
    return;
  }
  const { path } = found;
  const told = { name: 'clip_quarantined' } as const;
  const clip = await readOrPutAside(deps, tally, path, told);
  if (clip === undefined) return;
  if (clip.sha256 !== found.sha256) {
    const reason = 'its bytes do not have the hash of its name';
    await putAside(deps, tally, { path, reason, told: { ...told, ...idsOf(clip) } });
  } else if (found.adopter.knows(clip.clipId)) {
    await putAside(deps, tally, { path, reason: 'another file has the same clip id' });
  } else {
    await found.adopter.add(clip);
  }
}

async function takeParts(deps: RecoverDeps, tally: Tally, adopter: Adopter): Promise<void> {
  const { disk, clips } = deps;
  for (const name of await names(deps.places.parts)) {
    const path = join(deps.places.parts, name);
    const clipId = name.replace(/\.mcap$/, '');
    const known = clips.get(clipId) !== undefined || clips.tombstone({ clipId }) !== undefined;
    if (known || (await fileSize(path)) === 0) {
      await disk.remove(path);
      tally.removedDuplicates += 1;
      continue;
    }
    const clip = await readPart(deps, tally, { path, clipId });
    if (clip !== undefined && (await placePart(deps, path, clip))) await adopter.add(clip);
  }
}

/** Undefined when the part stays for the next start or was put aside: nothing was moved yet. */
async function readPart(
  deps: RecoverDeps,
  tally: Tally,
  { path, clipId }: { readonly path: string; readonly clipId: string },
): Promise<FoundClip | undefined> {
  const clip = await readOrPutAside(deps, tally, path, { name: 'clip_torn', clipId });
  if (clip === undefined) return undefined;
  const told = { name: 'clip_quarantined', ...idsOf(clip) } as const;
  if (clip.clipId !== clipId) {
    await putAside(deps, tally, { path, reason: 'its name is not its clip id', told });
    return undefined;
  }
  try {
    deps.expectTellable(clip);
    return clip;
  } catch (error) {
    if (!isInvalid(error)) throw error;
    await putAside(deps, tally, { path, reason: asFault(error).message, told });
    return undefined;
  }
}

/** The data worker may have been killed before its own sync: only the page cache is whole. */
async function placePart(deps: RecoverDeps, path: string, clip: FoundClip): Promise<boolean> {
  try {
    await deps.disk.syncFile(path);
    await deps.disk.rename(path, clipPath(deps.places, clip.sha256));
    return true;
  } catch (error) {
    if (leaveFor(deps, error)) return false;
    throw error;
  }
}

/** Takes files in by the hundred: after a lost database there may be ten thousand of them. */
interface Adopter {
  knows(clipId: string): boolean;
  add(clip: FoundClip): Promise<void>;
  /** Clips taken in since the last `finish`. */
  finish(): Promise<number>;
}

function openAdopter(deps: RecoverDeps, tally: Tally): Adopter {
  let batch: FoundClip[] = [];
  let taken = 0;
  const flush = async (): Promise<void> => {
    if (batch.length === 0) return;
    // A rename may be younger than the last sync of its folder.
    for (const folder of new Set(batch.map((clip) => clipFolder(deps.places, clip.sha256)))) {
      await deps.disk.syncFolder(folder);
    }
    taken += await adoptAll(deps, tally, batch);
    batch = [];
    deps.keepUp();
  };
  return {
    knows: (clipId) =>
      deps.clips.get(clipId) !== undefined || batch.some((clip) => clip.clipId === clipId),
    async add(clip) {
      batch.push(clip);
      if (batch.length >= adoptedTogether) await flush();
    },
    async finish() {
      await flush();
      const count = taken;
      taken = 0;
      return count;
    },
  };
}

/** A file that cannot be read now stays for the next start; one that is no clip is put aside. */
async function readOrPutAside(
  deps: RecoverDeps,
  tally: Tally,
  path: string,
  told: Told,
): Promise<FoundClip | undefined> {
  try {
    return await deps.readClip(path);
  } catch (error) {
    if (leaveFor(deps, error)) return undefined;
    await putAside(deps, tally, { path, reason: asFault(error).message, told });
    return undefined;
  }
}

/**
 * All together, or one by one when one of them has no valid row: that one is put aside, and a start
 * never ends for it. Gives how many have their rows; when the disk did not take them, the files
 * stay, and the next start adopts them.
 */
async function adoptAll(
  deps: RecoverDeps,
  tally: Tally,
  clips: readonly FoundClip[],
): Promise<number> {
  try {
    deps.adopt(clips);
    return clips.length;
  } catch (error) {
    if (leaveFor(deps, error)) return 0;
    if (!isInvalid(error)) throw error;
    const [first, ...others] = clips;
    if (first === undefined) return 0;
    if (others.length === 0) {
      const path = clipPath(deps.places, first.sha256);
      const told = { name: 'clip_quarantined', ...idsOf(first) } as const;
      await putAside(deps, tally, { path, reason: asFault(error).message, told });
      return 0;
    }
    let taken = 0;
    for (const clip of clips) taken += await adoptAll(deps, tally, [clip]);
    return taken;
  }
}

const isInvalid = (error: unknown): boolean => error instanceof Fault && error.code === 'invalid';

const idsOf = ({ clipId, manifest }: FoundClip) => ({ clipId, sessionId: manifest.sessionId });

function leaveFor(deps: RecoverDeps, error: unknown): boolean {
  const fault = error instanceof Fault ? error : undefined;
  const later = fault !== undefined && ['limited', 'unavailable', 'forbidden'].includes(fault.code);
  if (later) deps.log.warn('a clip waits for the next start', { error });
  return later;
}

/** What the event says besides file and reason; without it the cloud learns of the file by rows. */
type Told = Omit<Aside, 'file' | 'reason'>;

async function putAside(
  deps: RecoverDeps,
  tally: Tally,
  found: { readonly path: string; readonly reason: string; readonly told?: Told },
): Promise<void> {
  const { path, reason, told } = found;
  tally.quarantined += 1;
  const name = path.slice(path.lastIndexOf('/') + 1);
  const file = `${deps.clock.now()}-${name}`;
  const to = join(deps.places.quarantine, file);
  await deps.disk.rename(path, to);
  if (told !== undefined) deps.tell({ ...told, file, reason });
  deps.log.error('a file of the buffer was put aside', {
    file: name,
    reason,
    place: to,
    remedy: 'Look at it with `fieldloop recording check`, then delete it.',
  });
}

/** Names begin with the time, so the oldest sort first. */
async function pruneQuarantine(deps: RecoverDeps): Promise<void> {
  const found = await names(deps.places.quarantine);
  for (const name of found.slice(0, Math.max(0, found.length - maxQuarantinedFiles))) {
    await deps.disk.remove(join(deps.places.quarantine, name));
    deps.log.warn('the oldest file in quarantine was removed', { file: name });
  }
}
