/** What the data worker and the scoring worker say to each other, over their own port. */
import type { Channel } from '@fieldloop/recording';
import type { FrameFaultReason, Scored } from './scorer.ts';

export type ToScoring =
  /** Frames name their channel by `key`, so that a schema crosses once a session. */
  | { readonly kind: 'channel'; readonly key: number; readonly channel: Channel }
  | { readonly kind: 'forget'; readonly keys: readonly number[] }
  | {
      readonly kind: 'frame';
      readonly id: number;
      readonly model: string;
      readonly key: number;
      /** Moved, not shared. */
      readonly bytes: Uint8Array;
    };

export type FromScoring =
  | { readonly kind: 'scored'; readonly id: number; readonly scored: Scored }
  | {
      readonly kind: 'fault';
      readonly id: number;
      readonly reason: FrameFaultReason | 'no_model';
      readonly message: string;
    };

/** A model that the scoring worker has ready. */
export interface ReadyModel {
  /** As agent.yaml calls it. */
  readonly id: string;
  readonly version: string;
  readonly sha256: string;
}

/** What the scoring worker tells main, once. */
export interface ScoringReady {
  readonly kind: 'ready';
  readonly models: readonly ReadyModel[];
  readonly faults: readonly { readonly id: string; readonly message: string }[];
}
