/**
 * What a scoring worker hears and says: frames over ports of the data worker, and its own state to
 * main.
 */
import type { MessagePort } from 'node:worker_threads';
import type { Channel } from '@fieldloop/recording';
import type { EngineWish } from './engine-wish.ts';
import type { ModelFiles } from './model-files.ts';
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
      /** Of a model with several inputs, those that go with the frame. */
      readonly more: readonly PostedInput[];
    };

/** A message by the name of the input it is for. */
interface PostedInput {
  readonly name: string;
  readonly key: number;
  readonly bytes: Uint8Array;
}

export type FromScoring =
  | {
      readonly kind: 'scored';
      readonly id: number;
      readonly scored: Scored;
      /** Of the bytes behind the instance that scored it, and of its model.yaml. */
      readonly sha256: string;
      readonly documentSha256: string;
    }
  | {
      readonly kind: 'fault';
      readonly id: number;
      readonly reason: FrameFaultReason | 'no_model';
      readonly message: string;
    };

/** A model to load, and where from. */
export interface ModelPlace {
  /** As agent.yaml, rule sets and the cloud call it. */
  readonly id: string;
  readonly files: ModelFiles;
  /** Hashes that its files must have; absent for a folder of the configuration. */
  readonly expect?: { readonly onnx: string; readonly document: string } | undefined;
}

export interface ScoringSettings {
  readonly models: readonly ModelPlace[];
  readonly engine: EngineWish;
  /** Measures latency and memory before it says that it is ready. */
  readonly isTrial: boolean;
}

/** A model that a scoring worker has ready. */
export interface ReadyModel {
  readonly id: string;
  readonly version: string;
  /** Measured from the bytes that the instance was made of. */
  readonly sha256: string;
  readonly documentSha256: string;
}

export interface ModelFaultNote {
  readonly id: string;
  readonly code: string;
  readonly message: string;
}

export type ScoringOrder =
  | { readonly kind: 'port'; readonly port: MessagePort }
  /** Run the golden inputs of every model again. */
  | { readonly kind: 'golden' }
  /** Say `idle` once whoever has a port has closed it. */
  | { readonly kind: 'retire' }
  /** Answer what is in work, and end. */
  | { readonly kind: 'stop' };

/** What a scoring worker tells main: `ready` once, the others as often as it is asked. */
export type ScoringNews =
  | {
      readonly kind: 'ready';
      readonly models: readonly ReadyModel[];
      readonly faults: readonly ModelFaultNote[];
      /** What runs otherwise than it was wished. */
      readonly troubles: readonly string[];
    }
  | { readonly kind: 'golden'; readonly faults: readonly ModelFaultNote[] }
  | { readonly kind: 'idle' }
  /** It lives; said again and again. */
  | { readonly kind: 'beat' };
