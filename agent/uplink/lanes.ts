/** The three lanes of rows on the control connection: reported, then events, then manifests. */
import type { Log } from '@fieldloop/core';
import { type Lane, type Stored, upTopic, wireLimits } from '@fieldloop/proto';
import { isDiskRefusal } from '../buffer/disk.ts';
import type { LaneRow } from '../buffer/lanes.ts';
import { eventsMessage, manifestMessage, reportedMessage } from '../buffer/rows.ts';
import type { RowShelf } from '../buffer/shelves.ts';
import {
  eventBatchBytes,
  maxUnstoredBatches,
  maxUnstoredSingles,
  storedTimeoutMs,
} from '../limits.ts';
import { type LaneSender, openLaneSender } from './lane.ts';
import type { Outgoing } from './link.ts';

export interface LanesOptions {
  readonly rows: RowShelf;
  readonly device: string;
  readonly log: Log;
  readonly publish: (message: Outgoing) => Promise<boolean>;
  readonly onBroken: (why: string) => void;
  readonly onHole: () => void;
}

export interface RowLanes {
  /** A new link is up. */
  restart(): void;
  pump(nowMs: number): void;
  /** Frees rows of the buffer. */
  stored(stored: Stored, nowMs: number): void;
}

export function openLanes(options: LanesOptions): RowLanes {
  const { rows, device } = options;
  const single =
    (encode: (origin: bigint, row: LaneRow) => Uint8Array) =>
    (origin: bigint, found: readonly LaneRow[]): Uint8Array =>
      found[0] === undefined ? new Uint8Array() : encode(origin, found[0]);
  const open = (
    lane: Lane,
    wish: {
      readonly message: 'events' | 'manifest' | 'reported';
      readonly encode: (origin: bigint, found: readonly LaneRow[]) => Uint8Array;
      readonly batchRows: number;
      readonly mostUnstored: number;
    },
  ): LaneSender =>
    openLaneSender({
      ...options,
      lane,
      encode: wish.encode,
      batch: { rows: wish.batchRows, bytes: eventBatchBytes },
      mostUnstored: wish.mostUnstored,
      publish: (payload) =>
        options.publish({ topic: upTopic(device, wish.message), payload, qos: 1 }),
    });
  const senders: Readonly<Record<Lane, LaneSender>> = {
    reported: open('reported', {
      message: 'reported',
      encode: single(reportedMessage),
      batchRows: 1,
      mostUnstored: maxUnstoredSingles,
    }),
    events: open('events', {
      message: 'events',
      encode: eventsMessage,
      batchRows: wireLimits.maxRowsPerBatch,
      mostUnstored: maxUnstoredBatches,
    }),
    manifests: open('manifests', {
      message: 'manifest',
      encode: single(manifestMessage),
      batchRows: 1,
      mostUnstored: maxUnstoredSingles,
    }),
  };
  /** What the cloud has and the disk does not let go of yet: it is not sent again meanwhile. */
  let owed: Stored[] = [];
  let triedMs = 0;
  const free = ({ lane, origin, through, refused }: Stored): boolean =>
    rows.stored(lane, origin, {
      through: Number(through),
      refused: refused.map(({ seq, code }) => ({ seq: Number(seq), code })),
    });
  const freeOwed = (nowMs: number): void => {
    if (owed.length === 0 || nowMs - triedMs < storedTimeoutMs) return;
    triedMs = nowMs;
    try {
      while (owed[0] !== undefined) {
        free(owed[0]);
        owed.shift();
      }
    } catch (error) {
      if (!isDiskRefusal(error)) throw error;
    }
  };
  return {
    restart() {
      owed = [];
      for (const sender of Object.values(senders)) sender.restart();
    },
    pump(nowMs) {
      freeOwed(nowMs);
      for (const sender of Object.values(senders)) sender.pump(nowMs);
    },
    stored(stored, nowMs) {
      try {
        if (!free(stored)) return;
      } catch (error) {
        if (!isDiskRefusal(error)) throw error;
        const { lane } = stored;
        options.log.warn('rows that the cloud has stay until the disk lets them go', {
          lane,
          error,
        });
        triedMs = nowMs;
        owed.push(stored);
      }
      senders[stored.lane].stored(Number(stored.through), nowMs);
    },
  };
}
