/** What the receiving machine keeps, hears and says. */
import type { Cancel, Open, Transfer, WireCode } from '../messages.ts';

/**
 * beginning: the row of the new epoch is being written; finishing: all bytes came and are being
 * verified and put in their place; closed is the end of this state, not of the part on disk.
 */
export type ReceiverPhase = 'beginning' | 'receiving' | 'finishing' | 'closed';

export interface ReceiverState {
  readonly phase: ReceiverPhase;
  /** The Open that this epoch answers. */
  readonly open: Open;
  /** A newer Open, answered as soon as the work under way has ended. */
  readonly next: Open | undefined;
  readonly epoch: number;
  readonly received: number;
  readonly durable: number;
  /** The share of the device's memory that this transfer should have past `durable`. */
  readonly credit: number;
  /** One past the last byte that the sender was allowed; never taken back within an epoch. */
  readonly limit: number;
  /** A sync of the part runs; one at a time. */
  readonly isSyncing: boolean;
  /** Syncs begun whose row is not durable yet. A row may follow while the next sync runs. */
  readonly unrowed: number;
  /** One past the last byte that a sync begun so far covers. */
  readonly covered: number;
  /** When the first byte that no sync covers arrived. */
  readonly dirtySinceMs: number;
  readonly lastAck: { readonly received: number; readonly atMs: number };
  readonly lastStaleAckMs: number;
  /** A GAP was said for this offset; it is not said again. */
  readonly gapAt: number;
}

export type ReceiverInput = { readonly nowMs: number } & (
  | { readonly kind: 'open'; readonly open: Open }
  | /** The row of this epoch is durable and the part has `durable` bytes. */ {
      readonly kind: 'begun';
      readonly epoch: number;
      readonly durable: number;
      readonly credit: number;
    }
  | /** This device stored the same content before. */ { readonly kind: 'known' }
  | {
      readonly kind: 'chunk';
      readonly epoch: number;
      readonly offset: number;
      readonly length: number;
      readonly last: boolean;
    }
  | /** A chunk of this transfer that did not parse. */ {
      readonly kind: 'badChunk';
      readonly epoch: number;
      readonly code: WireCode;
    }
  | /** The sync has ended; its row is being written. */ {
      readonly kind: 'partSynced';
      readonly epoch: number;
    }
  | /** The part is synced up to here and the row says so. */ {
      readonly kind: 'synced';
      readonly epoch: number;
      readonly durable: number;
    }
  | /** Verified, in its place, and in the database. */ { readonly kind: 'stored' }
  | /** The bytes are not what the hash says; part and row start again. */ {
      readonly kind: 'differs';
    }
  | /** Disk or database failed before the row of a new epoch was durable. */ {
      readonly kind: 'notBegun';
      readonly code: WireCode;
      readonly detail: string;
    }
  | /** An append, a sync, its row or the finish failed; what was durable stays so. */ {
      readonly kind: 'failed';
      readonly epoch: number;
      readonly code: WireCode;
      readonly detail: string;
    }
  | /** The share changed because another transfer opened or closed. */ {
      readonly kind: 'credit';
      readonly credit: number;
    }
  | { readonly kind: 'tick' }
  | { readonly kind: 'cancel'; readonly cancel: Cancel }
  | /** The device's connection closed. */ { readonly kind: 'linkLost' }
);

/**
 * Work carries the epoch that asked for it, and its answer brings it back: rows are written beside
 * each other, so when one ends an epoch the answers of the rest come into the next one.
 */
export type ReceiverOutput =
  | { readonly kind: 'send'; readonly message: Transfer }
  /** Look up the row, raise the epoch in it, cut the part to it: `begun`, `known`, `notBegun`. */
  | { readonly kind: 'begin'; readonly open: Open }
  /** Take this chunk's data as the next bytes of the part. */
  | { readonly kind: 'append'; readonly epoch: number }
  /** Sync the part (`partSynced`), then write the row (`synced`), or `failed`. */
  | { readonly kind: 'sync'; readonly epoch: number; readonly durable: number }
  /** Compare the hash, commit the blob, then the transaction: `stored`, `differs`, `failed`. */
  | { readonly kind: 'finish'; readonly epoch: number }
  /** Remove part and row. */
  | { readonly kind: 'discard' }
  /** This state is over: close the part, forget the state. */
  | { readonly kind: 'close' };

export type ReceiverStep = readonly [ReceiverState, readonly ReceiverOutput[]];
