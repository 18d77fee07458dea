/**
 * Sends the rows of one lane in order, a few messages ahead of the cloud's word. What was sent
 * counts for nothing: after a new link, or after five seconds of silence once the link has taken
 * all of it, it goes again; and only Stored takes rows out of the buffer.
 */
import { asFault, type Log } from '@fieldloop/core';
import type { Lane } from '@fieldloop/proto';
import type { LaneRow } from '../buffer/lanes.ts';
import type { RowShelf } from '../buffer/shelves.ts';
import { storedTimeoutMs, takenTimeoutMs } from '../limits.ts';

export interface LaneSenderOptions {
  readonly lane: Lane;
  readonly rows: RowShelf;
  /** Rows and bytes of one message. */
  readonly batch: { readonly rows: number; readonly bytes: number };
  /** Messages that may wait for their Stored. */
  readonly mostUnstored: number;
  /** One message for consecutive rows. */
  readonly encode: (origin: bigint, rows: readonly LaneRow[]) => Uint8Array;
  /** True when the link took it, which promises nothing; false when the link ended first. */
  readonly publish: (payload: Uint8Array) => Promise<boolean>;
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
  /** Messages that the link has not taken yet, as of when. A new link counts anew. */
  let onLink = { untaken: 0, known: 0, sinceMs: 0 };

  const restart = (): void => {
    unstored = [];
    sentThrough = 0;
    onLink = { untaken: 0, known: 0, sinceMs: 0 };
  };

  /** The link has copies that it did not take yet, and is not so long about one that it is lost. */
  const isUnderWay = (nowMs: number): boolean => {
    const { untaken, known } = onLink;
    if (untaken !== known) Object.assign(onLink, { known: untaken, sinceMs: nowMs });
    return untaken > 0 && nowMs - onLink.sinceMs < takenTimeoutMs;
  };

  /** What waits gets its full time again. */
  const wait = (nowMs: number): void => {
    unstored = unstored.map((message) => ({ ...message, atMs: nowMs }));
  };

  const publish = async (payload: Uint8Array): Promise<void> => {
    const link = onLink;
    link.untaken += 1;
    if (await options.publish(payload)) link.untaken -= 1;
  };

  /** One that cannot be sent goes alone: those beside it are sent singly up to it. */
  const send = (nowMs: number, batch = options.batch): boolean => {
    const [range] = rows.ranges().filter((one) => one.lane === lane);
    if (range === undefined || sentThrough >= range.highest) return false;
    const found = rows.read(lane, sentThrough, batch);
    const [first, last] = [found[0], found.at(-1)];
    if (first === undefined || last === undefined) return false;
    if (sentThrough > 0 && first.seq !== sentThrough + 1) {
      options.onHole();
      return false;
    }
    let payload: Uint8Array;
    try {
      payload = options.encode(range.origin, found);
    } catch (error) {
      if (found.length > 1) return send(nowMs, { ...batch, rows: 1 });
      log.error('a row of the buffer cannot be sent', { lane, seq: first.seq, error });
      rows.drop(lane, first);
      options.onBroken(asFault(error).message);
      return false;
    }
    sentThrough = last.seq + last.count - 1;
    unstored.push({ through: sentThrough, atMs: nowMs });
    if (lane === 'manifests') rows.offered(sentThrough);
    void publish(payload);
    return true;
  };

  return {
    restart,
    pump(nowMs) {
      // A copy behind one that is still under way would only make a slow link slower.
      if (isUnderWay(nowMs)) wait(nowMs);
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
      if (unstored.length < before) wait(nowMs);
    },
  };
}
