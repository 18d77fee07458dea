/**
 * A clip becomes durable: rename, folder, row, in this order, each step harmless when repeated.
 * Where there is no room, the clip of least value goes first, and that may be the new one.
 */
import { join } from 'node:path';
import { asFault, canonicalJson, Fault, sha256Hex } from '@fieldloop/core';
import type { ClipManifest } from '@fieldloop/proto';
import { fullDiskBytes } from '../limits.ts';
import { fileSize } from './disk.ts';
import type { FoundClip } from './clip-file.ts';
import type { Inside } from './inside.ts';
import { noteClip, readableManifest } from './ledger.ts';
import { meta, setMeta } from './lanes.ts';
import { manifestDocument } from './manifest-fit.ts';
import { clipFolder, clipPath } from './places.ts';
import { type EvictionCandidate, type Need, planEviction } from './plan.ts';
import { dropPreviews, keepPreviews } from './previews.ts';
import { gapBody, manifestBody } from './rows.ts';
import { addTotal } from './totals.ts';
import type { ClipFate, CutClip, HeldClip } from './types.ts';

export async function sealClip(inside: Inside, cut: CutClip): Promise<'sealed' | ClipFate> {
  const { clips, disk } = inside;
  const known = clips.get(cut.clipId) === undefined ? clips.tombstone(cut) : 'sealed';
  if (known !== undefined) {
    await disk.remove(cut.partPath);
    return known;
  }
  await expectWhole(inside, cut);
  if (!(await roomFor(inside, cut))) {
    evictNewcomer(inside, cut);
    await disk.remove(cut.partPath);
    return 'evicted';
  }
  try {
    await place(inside, cut);
  } catch (error) {
    if (asFault(error).code !== 'limited') throw error;
    // Nothing is lost by a full disk: part or file stands where it stood.
    inside.log.warn('the disk is full; the buffer makes room', { clipId: cut.clipId });
    const freed = await evictFor(inside, cut, { bytes: fullDiskBytes, files: 0 });
    if (freed === undefined) throw error;
    await place(inside, cut);
  }
  return 'sealed';
}

/** The part may stand in its place already when an earlier attempt stopped after the rename. */
async function expectWhole(inside: Inside, cut: CutClip): Promise<void> {
  const size =
    (await fileSize(cut.partPath)) ?? (await fileSize(clipPath(inside.places, cut.sha256)));
  if (size === cut.sizeBytes) return;
  throw new Fault('corrupt', `the clip has ${size ?? 'no'} bytes instead of ${cut.sizeBytes}`, {
    place: cut.partPath,
    remedy: 'The clip is lost; look for disk errors in the kernel log of this machine.',
  });
}

async function place(inside: Inside, cut: CutClip): Promise<void> {
  const { disk, places } = inside;
  // A clip that cannot be told of stays a part: nothing moves before its row is known to fit.
  const clip = { ...cut, priority: cut.priority ?? 1 };
  heldBody(clip);
  try {
    if ((await fileSize(cut.partPath)) !== undefined) {
      await disk.rename(cut.partPath, clipPath(places, cut.sha256));
    }
    await disk.syncFolder(clipFolder(places, cut.sha256));
    adoptClip(inside, clip);
  } catch (error) {
    if (asFault(error).code === 'limited') inside.degrade('the disk is full');
    throw error;
  }
}

/** The manifest row of a clip. Fault `invalid` when no message can carry it. */
export function heldBody(clip: FoundClip): Uint8Array {
  const { priority, previews } = clip;
  const manifest = { ...manifestOf(clip), prev: anyHash };
  return manifestBody({ manifest, priority, previews }, 'held');
}

/** Stands for the longest that a link can be where only the room for it counts. */
const anyHash = '0'.repeat(64);

/**
 * Each manifest names the one before it, so that the cloud sees when one is missing. Call inside
 * the transaction that appends its row.
 */
function linked(db: Inside['db'], manifest: ClipManifest): ClipManifest {
  const { prev: _, ...own } = manifest;
  const prev = meta(db, 'manifest');
  const next = prev === undefined ? own : { ...own, prev };
  setMeta(db, 'manifest', sha256Hex(manifestDocument(next)));
  return next;
}

const manifestOf = ({ manifest, sha256, sizeBytes }: FoundClip): ClipManifest => ({
  ...manifest,
  sha256,
  sizeBytes,
});

/** One transaction: manifest row, clip row, ledger. */
export function adoptClip(inside: Inside, clip: FoundClip): void {
  const { db, clips, lanes, clock } = inside;
  const { priority, previews } = clip;
  inside.write(() => {
    const manifest = linked(db, manifestOf(clip));
    const body = manifestBody({ manifest, priority, previews }, 'held');
    const manifestSeq = lanes.append('manifests', body);
    keepPreviews(db, clip.clipId, previews);
    clips.add({
      clipId: clip.clipId,
      sha256: clip.sha256,
      sizeBytes: clip.sizeBytes,
      class: manifest.class,
      priority: clip.priority,
      manifest: canonicalJson(manifest),
      manifestSeq,
      sealedMs: clock.now(),
    });
    noteClip(db, { manifest, outcome: 'clip' });
    addTotal(db, 'sealed');
  });
}

/** The bytes go, the manifest stays: the cloud shows what was thrown away. */
function evictNewcomer(inside: Inside, cut: CutClip): void {
  const { db, clips, lanes, clock } = inside;
  const { priority = 1, previews } = cut;
  inside.write(() => {
    const facts = { manifest: linked(db, cut.manifest), priority, previews };
    lanes.append('manifests', manifestBody(facts, 'evicted'));
    clips.bury({ ...cut, fate: 'evicted' }, clock.now());
    noteClip(db, { manifest: cut.manifest, outcome: 'evicted' });
    addTotal(db, 'evicted');
  });
  inside.log.warn('a new clip was evicted for lack of room', { clipId: cut.clipId });
}

/** False when the newcomer itself is the one to go. */
async function roomFor(inside: Inside, cut: CutClip): Promise<boolean> {
  const need = await shortage(inside, { quota: cut.sizeBytes, disk: 0 });
  return await evictWhile(inside, need, (still) => evictFor(inside, cut, still));
}

/** Evicts clips of less value than this one. Bytes that went; undefined when it is to go itself. */
async function evictFor(inside: Inside, cut: CutClip, need: Need): Promise<number | undefined> {
  const newcomer: EvictionCandidate = {
    clipId: cut.clipId,
    sizeBytes: cut.sizeBytes,
    class: cut.manifest.class,
    priority: cut.priority ?? 1,
    sealedMs: inside.clock.now(),
    manifestSent: false,
    inTransfer: false,
  };
  const plan = planEviction(
    [...inside.clips.candidates(inside.inTransfer), newcomer],
    { ...need, newcomer: cut.clipId },
    inside.reserve,
    inside.clock.now(),
  );
  if (plan === undefined || plan.includes(cut.clipId)) return undefined;
  return await evict(inside, plan);
}

/** Evicts until `bytes` more fit; false when even that is not enough. */
export async function makeRoom(inside: Inside, bytes: number): Promise<boolean> {
  const first = await shortage(inside, { quota: bytes, disk: bytes });
  return await evictWhile(inside, first, async (need) => {
    const candidates = inside.clips.candidates(inside.inTransfer);
    const plan = planEviction(candidates, need, inside.reserve, inside.clock.now());
    return plan && (await evict(inside, plan));
  });
}

/** Until nothing is short, or `evictSome` has no more bytes that may go. */
async function evictWhile(
  inside: Inside,
  first: Need,
  evictSome: (need: Need) => Promise<number | undefined>,
): Promise<boolean> {
  for (let need = first; need.bytes > 0 || need.files > 0; ) {
    const freed = await evictSome(need);
    if (freed === undefined) return false;
    // The bytes are counted; how many inodes a file gives back only the disk knows.
    const { files } = await shortage(inside, { quota: 0, disk: 0 });
    need = { bytes: Math.max(0, need.bytes - freed), files };
  }
  return true;
}

/** What is missing for the quota and for what others on this disk are owed. */
async function shortage(
  inside: Inside,
  need: { readonly quota: number; readonly disk: number },
): Promise<Need> {
  const free = await inside.disk.free(inside.places.root);
  const overQuota = inside.clips.bytes() + need.quota - inside.quotaBytes;
  const underHeadroom = inside.headroomBytes + need.disk - free.bytes;
  const inodes = free.inodes === undefined ? 0 : inside.headroomInodes - free.inodes;
  return { bytes: Math.max(0, overQuota, underHeadroom), files: Math.max(0, inodes) };
}

/** Bytes that went. A clip that is wanted since it was chosen stays. */
async function evict(inside: Inside, clipIds: readonly string[]): Promise<number> {
  let freed = 0;
  for (const clipId of clipIds) {
    const clip = inside.clips.get(clipId);
    if (clip === undefined || clip.pulled || inside.inTransfer.has(clipId)) continue;
    inside.log.warn('a clip was evicted for lack of room', { clipId });
    await deleteClip(inside, clipId, 'evicted');
    freed += clip.sizeBytes;
  }
  return freed;
}

/**
 * Row first, then the file, then the tombstone: a crash in between is finished by the start.
 * `onNoted` is called when it is durable that the file may go.
 */
export async function deleteClip(
  inside: Inside,
  clipId: string,
  fate: 'deleted' | 'evicted' | 'quarantined',
  onNoted: () => void = () => {},
): Promise<void> {
  const clip = inside.clips.get(clipId);
  if (clip === undefined || inside.inDeletion.has(clipId)) return;
  inside.inDeletion.add(clipId);
  try {
    await beginDelete(inside, clip, fate);
    onNoted();
    await finishDelete(inside, clip);
  } finally {
    inside.inDeletion.delete(clipId);
  }
}

/**
 * Where the disk has no room for the row that a delete begins with, the file goes first and makes
 * it, unless it is to be kept: a crash between the two tells of the clip as lost.
 */
async function beginDelete(
  inside: Inside,
  clip: HeldClip,
  fate: 'deleted' | 'evicted' | 'quarantined',
): Promise<void> {
  const begin = (): boolean => inside.write(() => inside.clips.beginDelete(clip.clipId, fate));
  try {
    begin();
  } catch (error) {
    if (fate === 'quarantined' || asFault(error).code !== 'limited') throw error;
    await removeFile(inside, clip, fate);
    begin();
  }
}

/** Carries through the deletes that a full or failing disk stopped. */
export async function finishDeletes(inside: Inside): Promise<void> {
  for (const clip of inside.clips.deleting()) {
    if (clip.fate !== 'lost') await deleteClip(inside, clip.clipId, clip.fate);
  }
}

/** The rest of a delete whose row says so: the file, then the tombstone in one transaction. */
export async function finishDelete(
  inside: Inside,
  clip: Pick<HeldClip, 'clipId' | 'sha256'>,
): Promise<void> {
  const fate = inside.clips.fateOf(clip.clipId);
  if (fate === undefined) return;
  await removeFile(inside, clip, fate);
  bury(inside, clip.clipId, fate);
}

async function removeFile(
  inside: Inside,
  clip: Pick<HeldClip, 'clipId' | 'sha256'>,
  fate: ClipFate,
): Promise<void> {
  const path = clipPath(inside.places, clip.sha256);
  if (fate === 'quarantined') {
    const name = `${inside.clock.now()}-${clip.sha256}.mcap`;
    const there = (await fileSize(path)) !== undefined;
    if (there) await inside.disk.rename(path, join(inside.places.quarantine, name));
  } else {
    await inside.disk.remove(path);
  }
  await inside.disk.syncFolder(clipFolder(inside.places, clip.sha256));
}

/** The cloud is told of every clip whose bytes went without its Done. */
function bury(inside: Inside, clipId: string, fate: ClipFate): void {
  const { db, clips, lanes, clock, log } = inside;
  const clip = clips.get(clipId);
  const text = clips.manifestOf(clipId);
  if (clip === undefined || text === undefined) return;
  inside.write(() => {
    clips.bury({ ...clip, fate }, clock.now());
    dropPreviews(db, clipId);
    addTotal(db, fate === 'deleted' ? 'acknowledged' : fate);
    if (fate === 'deleted') return;
    const manifest = readableManifest(text);
    if (manifest === undefined) {
      log.warn('a clip is gone whose manifest cannot be sent', { clipId });
    } else {
      lanes.append('manifests', manifestBody({ manifest, priority: clip.priority }, 'evicted'));
      noteClip(db, { manifest, outcome: fate });
    }
    if (fate === 'lost') lanes.append('events', gapBody(1, 'lost'));
  });
}

export function loseClip(inside: Inside, clip: HeldClip, fate: 'lost' | 'quarantined'): void {
  bury(inside, clip.clipId, fate);
}
