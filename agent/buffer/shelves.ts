/** What the uplink sees of the buffer: rows in their lanes, and clips in the order of upload. */
import { asFault, Fault } from '@fieldloop/core';
import type { ClipClass, ClipManifest } from '@fieldloop/proto';
import { maxPostponeMs } from '../limits.ts';
import { type ClipReader, hashFile, openClipReader } from './clip-bytes.ts';
import { isDiskRefusal } from './disk.ts';
import type { Inside } from './inside.ts';
import { type LaneRange, type LaneRow, meta } from './lanes.ts';
import { type LaneName, laneNames } from './marks.ts';
import { storedManifest } from './ledger.ts';
import { belongTo, offerAgain, offerUntold, type RefusedSeq, refuseManifests } from './offer.ts';
import { tellRefused } from './offer.ts';
import { freshOrigin } from './open.ts';
import { clipPath } from './places.ts';
import { keep } from './rebuilt.ts';
import { gapBody } from './rows.ts';
import { deleteClip, finishDeletes, loseClip } from './seal.ts';
import type { ClipFate, HeldClip } from './types.ts';

export interface StoredRows {
  readonly through: number;
  readonly refused?: readonly RefusedSeq[] | undefined;
}

export interface RowShelf {
  ranges(): readonly LaneRange[];
  /** Rows after `seq` in order, at least one when there is one. */
  read(lane: LaneName, seq: number, most: { rows: number; bytes: number }): LaneRow[];
  /**
   * The cloud's Stored: the one thing that frees rows. Clips whose manifest was refused stay.
   * False when it is not about these rows.
   */
  stored(lane: LaneName, origin: bigint, said: StoredRows): boolean;
  /** A gap tells of a row that cannot be sent and goes; `renewOrigin` closes the hole. */
  drop(lane: LaneName, row: Pick<LaneRow, 'seq' | 'count'>): void;
  /** In memory: manifests up to `seq` are on their way. */
  offered(seq: number): void;
  /** Durable, one more at each connect; the last one again while the disk refuses. */
  nextConn(): Promise<number>;
  /** The name under which the cloud knows this robot; call before rows are sent to it. */
  belongTo(device: string): Promise<void>;
  /** The cloud saw these numbers with other rows: all rows are numbered again. */
  renewOrigin(): Promise<void>;
}

export interface ClipShelf {
  /**
   * Clips whose turn it is, without those in transfer; of these classes where they are given, one
   * that was pulled being critical.
   */
  turn(limit: number, classes?: readonly ClipClass[]): HeldClip[];
  get(clipId: string): HeldClip | undefined;
  /** It is held, or what became of it is remembered. */
  knows(clipId: string): boolean;
  /** Those that are not being deleted, oldest first. */
  all(): HeldClip[];
  /** Takes the clip out of eviction's reach until released; false when it is gone. */
  hold(clipId: string): boolean;
  release(clipId: string): void;
  open(clipId: string): Promise<ClipReader>;
  /** It has its turn again after this wait. */
  postpone(clipId: string, waitMs: number, attempts: number): void;
  refuse(clipId: string, code: string): void;
  /** An operator wants the bytes now. What became of a clip that is not held, if it is known. */
  pull(clipId: string): 'wanted' | ClipFate | 'unknown';
  /** The file and what is said of it. Fault `not_found` when the buffer does not hold it. */
  read(clipId: string): { readonly path: string; readonly manifest: ClipManifest };
  /**
   * Done or DONE came: frees the bytes when the hash is the clip's own, else Fault `corrupt`.
   * `onNoted` is called when it is durable that the cloud has the clip, before the file goes.
   */
  acknowledged(clipId: string, sha256: string, onNoted?: () => void): Promise<void>;
  /** A person lets go of it: as with an eviction, its manifest stays and the cloud is told. */
  drop(clipId: string): Promise<void>;
  /** What the pause was given. While there is one, no clip has its turn. */
  readonly paused: string | undefined;
  /** Durable when it returns; holds until a restart when it throws. What is on its way goes on. */
  pause(text: string | undefined): void;
  /** Carries through deletes that the disk stopped. */
  finishDeletes(): Promise<void>;
  /** Reads the file again; when it no longer has its hash, it goes to quarantine. */
  recheck(clipId: string): Promise<boolean>;
}

/** What the uplink noted of the bytes of a day: a text of its own. */
export interface SpentShelf {
  read(): string | undefined;
  /** Durable when it returns. */
  write(text: string): void;
}

export const spentShelf = (inside: Inside): SpentShelf => ({
  read: () => meta(inside.db, 'uplink.spent'),
  write: (text) => keep(inside, 'uplink.spent', text),
});

export function rowShelf(
  inside: Inside,
  marks: { keepUp(): void },
  offered: (seq: number) => void,
): RowShelf {
  const { lanes, clips } = inside;
  return {
    ranges: () => laneNames.map((lane) => lanes.range(lane)),
    read: (lane, seq, most) => lanes.read(lane, seq, most),
    stored(lane, origin, { through, refused = [] }) {
      const { lowest, highest, origin: own } = lanes.range(lane);
      if (origin !== own || through > highest) {
        inside.log.warn('a Stored for rows that this buffer never numbered was ignored', {
          lane,
          through,
          highest,
        });
        return false;
      }
      const kept = inside.write(() => {
        lanes.free(lane, through);
        if (lane !== 'manifests') return [];
        const found = refuseManifests(inside, refused);
        clips.listed(lowest, through);
        offerUntold(inside);
        return found;
      });
      tellRefused(inside, kept);
      return true;
    },
    drop: (lane, { seq, count }) =>
      inside.write(() => {
        lanes.drop(lane, seq);
        lanes.append('events', gapBody(count, 'lost'), count);
      }),
    offered,
    async nextConn() {
      try {
        const conn = lanes.nextConn();
        marks.keepUp();
        return conn;
      } catch (error) {
        if (!isDiskRefusal(error)) throw error;
        inside.log.warn('a connection has the number of the last: the disk refused another', {
          error,
        });
        return lanes.current().floors.conn;
      }
    },
    belongTo: (device) => belongTo(inside, device, () => marks.keepUp()),
    async renewOrigin() {
      lanes.renew(freshOrigin(inside.ids));
      offered(0);
      marks.keepUp();
      inside.log.warn('the rows of the buffer were numbered again', { origin: lanes.origin });
    },
  };
}

export function clipShelf(inside: Inside): ClipShelf {
  const { db, clips, inTransfer, places, clock } = inside;
  let paused = meta(db, 'paused') || undefined;
  const find = (clipId: string): HeldClip => {
    const clip = clips.get(clipId);
    if (clip !== undefined && clip.state !== 'deleting') return clip;
    throw new Fault('not_found', 'the buffer no longer holds this clip', {
      place: clipId,
      remedy: 'It was uploaded or evicted; look for it in the cloud.',
    });
  };
  return {
    turn: (limit, classes) =>
      paused !== undefined
        ? []
        : clips
            .turn(clock.now(), limit + inTransfer.size, classes)
            .filter((clip) => !inTransfer.has(clip.clipId))
            .slice(0, limit),
    get: (clipId) => clips.get(clipId),
    knows: (clipId) => clips.get(clipId) !== undefined || clips.tombstone({ clipId }) !== undefined,
    all: () => clips.all().filter(({ state }) => state !== 'deleting'),
    hold(clipId) {
      if (clips.get(clipId)?.state !== 'wanted') return false;
      inTransfer.add(clipId);
      return true;
    },
    release: (clipId) => {
      inTransfer.delete(clipId);
    },
    open: async (clipId) => openClipReader(clipPath(places, find(clipId).sha256)),
    postpone: (clipId, waitMs, attempts) =>
      inside.write(() => {
        const notBeforeMs = clock.now() + Math.min(Math.ceil(waitMs), maxPostponeMs);
        clips.postpone(clipId, notBeforeMs, attempts);
      }),
    refuse: (clipId, code) => inside.write(() => clips.refuse(clipId, code)),
    pull(clipId) {
      const clip = clips.get(clipId);
      if (clip === undefined) return clips.tombstone({ clipId }) ?? 'unknown';
      if (clip.state === 'deleting') return clips.fateOf(clipId) ?? 'deleted';
      inside.write(() => {
        clips.pull(clipId);
        if (clip.state === 'refused') offerAgain(inside, clip);
      });
      return 'wanted';
    },
    read(clipId) {
      const { sha256 } = find(clipId);
      const manifest = storedManifest(clips.manifestOf(clipId) ?? '');
      return { path: clipPath(places, sha256), manifest };
    },
    async acknowledged(clipId, sha256, onNoted) {
      const clip = clips.get(clipId);
      if (clip === undefined) return;
      if (clip.sha256 !== sha256) {
        throw new Fault('corrupt', 'the cloud acknowledged other bytes than this clip has', {
          place: clipId,
          remedy: 'The clip stays on the robot; report this with the log of both sides.',
        });
      }
      // Its manifest was refused while the bytes were on their way: the cloud shows no such clip.
      if (clip.state !== 'refused') await deleteClip(inside, clipId, 'deleted', onNoted);
      inTransfer.delete(clipId);
    },
    async drop(clipId) {
      if (inTransfer.has(find(clipId).clipId)) {
        throw new Fault('conflict', 'the clip is on its way to the cloud', {
          place: clipId,
          remedy: 'It goes by itself once the cloud has it.',
        });
      }
      await deleteClip(inside, clipId, 'evicted');
    },
    get paused() {
      return paused;
    },
    pause(text) {
      paused = text;
      keep(inside, 'paused', text ?? '');
    },
    finishDeletes: () => finishDeletes(inside),
    recheck: async (clipId) => recheck(inside, find(clipId)),
  };
}

async function recheck(inside: Inside, clip: HeldClip): Promise<boolean> {
  try {
    const found = await hashFile(clipPath(inside.places, clip.sha256));
    if (found.sha256 === clip.sha256 && found.sizeBytes === clip.sizeBytes) return true;
    inside.log.error('a clip no longer has its hash and was put aside', { clipId: clip.clipId });
    await deleteClip(inside, clip.clipId, 'quarantined');
  } catch (error) {
    const fault = asFault(error);
    if (fault.code !== 'not_found') throw error;
    inside.log.error('a clip of the buffer is gone from the disk', { clipId: clip.clipId });
    loseClip(inside, clip, 'lost');
  }
  inside.inTransfer.delete(clip.clipId);
  return false;
}
