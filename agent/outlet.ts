/**
 * The data worker's way to main. Results wait for credit, so that a slow disk slows reading down
 * instead of filling memory; they are dealt with in the order in which they were given.
 */
import type { Json } from '@fieldloop/core';
import type { FinishedClip } from './clip/write.ts';
import { maxOutstandingBytes } from './limits.ts';
import type { ClipAnswer, FromData, LoneMarker, LostClip, Notice, Result } from './messages.ts';

export interface Outlet {
  clip(clip: FinishedClip): Promise<void>;
  notice(notice: Notice): Promise<void>;
  marker(marker: LoneMarker): Promise<void>;
  /** A clip that will not be; nothing is told when the buffer knows it after all. */
  lost(notice: LostClip): Promise<void>;
  /** Triggers without a clip of their own, and their log time. */
  suppressed(rule: string, reason: string, of: { atNs: bigint; count: number }): Promise<void>;
  /** What came of a clip that an operator asked for. */
  answer(answer: ClipAnswer): Promise<void>;
  savePosition(key: string, document: Json): Promise<void>;
  getPosition(key: string): Promise<Json | undefined>;
  /** True when the buffer let go of enough for `bytes` more. */
  makeRoom(bytes: number): Promise<boolean>;
}

export interface OpenOutlet extends Outlet {
  /** Positions of recordings at other paths than these may be forgotten. */
  keepPositions(folder: string, paths: readonly string[]): Promise<void>;
  /** Main dealt with results of this many bytes. */
  credit(bytes: number): void;
  position(id: number, document: Json | undefined): void;
  room(id: number, made: boolean): void;
  /** Bytes of results that wait, of the most that may. */
  readonly queueShare: number;
}

type Content = Result extends infer R ? (R extends Result ? Omit<R, 'bytes'> : never) : never;

export function openOutlet(post: (message: FromData) => void): OpenOutlet {
  let outstanding = 0;
  let room: (() => void)[] = [];
  let lastAsked = 0;
  const asked = new Map<number, (document: Json | undefined) => void>();
  const rooms = new Map<number, (made: boolean) => void>();
  // One result may always go, however large; no other is on its way then.
  const fits = (bytes: number): boolean =>
    outstanding === 0 || outstanding + bytes <= maxOutstandingBytes;
  const send = async (content: Content): Promise<void> => {
    const bytes = weightOf(content);
    while (!fits(bytes)) {
      await new Promise<void>((resolve) => room.push(resolve));
    }
    outstanding += bytes;
    post({ ...content, bytes });
  };
  return {
    clip: (clip) => send({ kind: 'clip', clip }),
    notice: (notice) => send({ kind: 'notice', notice }),
    marker: (marker) => send({ kind: 'marker', marker }),
    lost: (notice) => send({ kind: 'lost', notice }),
    suppressed: (rule, reason, of) => send({ kind: 'suppressed', rule, reason, ...of }),
    answer: (answer) => send({ kind: 'answer', answer }),
    savePosition: (key, document) => send({ kind: 'savePosition', key, document }),
    keepPositions: (folder, paths) => send({ kind: 'keepPositions', folder, paths }),
    getPosition: (key) =>
      new Promise((resolve) => {
        lastAsked += 1;
        asked.set(lastAsked, resolve);
        post({ kind: 'getPosition', id: lastAsked, key });
      }),
    makeRoom: (need) =>
      new Promise((resolve) => {
        lastAsked += 1;
        rooms.set(lastAsked, resolve);
        post({ kind: 'makeRoom', id: lastAsked, need });
      }),
    get queueShare() {
      return outstanding / maxOutstandingBytes;
    },
    credit(bytes) {
      outstanding -= bytes;
      const waiting = room;
      room = [];
      for (const wake of waiting) wake();
    },
    position(id, document) {
      asked.get(id)?.(document);
      asked.delete(id);
    },
    room(id, made) {
      rooms.get(id)?.(made);
      rooms.delete(id);
    },
  };
}

/** A clip weighs what its file does: main has to sync and index it, and holds nothing of it. */
function weightOf(content: Content): number {
  if (content.kind === 'clip') return Math.max(1, content.clip.sizeBytes);
  return JSON.stringify(content, (_, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  ).length;
}
