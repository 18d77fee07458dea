/**
 * Sends the rows of one lane in order, a few messages ahead of the cloud's word. What was sent
 * counts for nothing: after a new link or five seconds of silence it goes again, and only Stored
 * takes rows out of the buffer.
 */
import { asFault, type Log } from '@fieldloop/core';
import type { Lane } from '@fieldloop/proto';
import type { LaneRow } from '../buffer/lanes.ts';
import type { RowShelf } from '../buffer/shelves.ts';
import { storedTimeoutMs } from '../limits.ts';

export interface LaneSenderOptions {
  readonly lane: Lane;
  readonly rows: RowShelf;
  /** Rows and bytes of one message. */
  readonly batch: { readonly rows: number; readonly bytes: number };
  /** Messages that may wait for their Stored. */
  readonly mostUnstored: number;
  /** One message for consecutive rows. */
  readonly encode: (origin: bigint, rows: readonly LaneRow[]) => Uint8Array;
  /** Hands it to the link; a failure shows by the link's end. */
  readonly publish: (payload: Uint8Array) => void;
  /** A row that cannot be sent was dropped: the rest is to be numbered again. */
  readonly onBroken: (why: string) => void;
  /** A full lane let rows go while it was being sent: the cloud is to be told by a new Status. */
  readonly onHole: () => void;
  readonly log: Log;
}

export interface LaneSender {
  /** A new link is up: everything that is held goes again. */
  restart(): void;
  pump(nowMs: number): void;
  stored(through: number, nowMs: number): void;
}

export function openLaneSender(options: LaneSenderOptions): LaneSender {
  const { lane, rows, log } = options;
  /** Highest number sent on this link, and the last numbers of the messages not yet stored. */
  let sentThrough = 0;
  let unstored: { readonly through: number; readonly atMs: number }[] = [];

  const restart = (): void => {
    unstored = [];
    sentThrough = 0;
  };

  const send = (nowMs: number): boolean => {
    const [range] = rows.ranges().filter((one) => one.lane === lane);
    if (range === undefined || sentThrough >= range.highest) return false;
    const found = rows.read(lane, sentThrough, options.batch);
    const last = found.at(-1);
    if (last === undefined) return false;
    if (sentThrough > 0 && found[0]?.seq !== sentThrough + 1) {
      options.onHole();
      return false;
    }
    let payload: Uint8Array;
    try {
      payload = options.encode(range.origin, found);
    } catch (error) {
      log.error('a row of the buffer cannot be sent', { lane, seq: found[0]?.seq, error });
      if (found[0] !== undefined) rows.drop(lane, found[0].seq);
      options.onBroken(asFault(error).message);
      return false;
    }
    sentThrough = last.seq + last.count - 1;
    unstored.push({ through: sentThrough, atMs: nowMs });
    if (lane === 'manifests') rows.offered(sentThrough);
    options.publish(payload);
    return true;
  };

  return {
    restart,
    pump(nowMs) {
      const oldest = unstored[0];
      if (oldest !== undefined && nowMs - oldest.atMs >= storedTimeoutMs) {
        log.warn('no Stored came; rows are sent again', { lane, through: oldest.through });
        restart();
      }
      while (unstored.length < options.mostUnstored && send(nowMs));
    },
    stored(through, nowMs) {
      const before = unstored.length;
      unstored = unstored.filter((message) => message.through > through);
      // The cloud is at work: what waits behind gets its full time again.
      if (unstored.length < before) {
        unstored = unstored.map((message) => ({ ...message, atMs: nowMs }));
      }
    },
  };
}
