/** What the body of data-to-training is given and gives, and what it needs of the stores. */
import type { Json } from '@fieldloop/core';
import type { EffectContext, Pending, ShownEvidence } from './kit/flow.ts';

/** Where the run enters: at a policy's next window, at a drawn window, or at a version. */
export type DataInput =
  | { readonly policy: string; readonly model: string; readonly dataset: string }
  | { readonly window: string; readonly model: string; readonly dataset: string }
  | { readonly version: string; readonly model: string; readonly dataset: string };

export type DataOutcome =
  | {
      readonly status: 'trained';
      readonly version: string;
      readonly training: string;
      readonly modelVersion: string;
    }
  | { readonly status: 'no_data'; readonly reason: string }
  | { readonly status: 'rejected'; readonly version: string; readonly reason: string }
  | { readonly status: 'training_failed'; readonly version: string; readonly reason: string }
  | { readonly status: 'aborted'; readonly by: string; readonly reason: string };

export interface Drawn {
  readonly [key: string]: Json;
  readonly chosen: number;
  /** Batches of tasks, each of a size that one child watches. */
  readonly batches: readonly string[];
}

export interface Snapshot {
  readonly [key: string]: Json;
  readonly version: string;
  readonly items: number;
  readonly gates: 'green' | 'red' | 'inconclusive';
  readonly reasons: readonly string[];
  /** Green ones are ready at once: nobody need sign them. */
  readonly ready: boolean;
}

/** Long work that ended without what it was for, with what a person needs to say what now. */
export interface Failure {
  readonly [key: string]: Json;
  readonly reason: string;
  readonly digest: string;
  /** A path of the API. */
  readonly link: string;
}

export type Built = { readonly snapshot: Snapshot } | { readonly failure: Failure };
export type Trained = { readonly modelVersion: string } | { readonly failure: Failure };

export type Teaches = { readonly operation: string } | { readonly skipped: string };

export interface DataDeps {
  /** No unit: nothing came since the policy's last window. */
  freeze(
    policy: string,
    e: EffectContext,
  ): Promise<{ readonly window: string; readonly units: number }>;
  /** Pending while the window is not drawn. */
  drawn(window: string, e: EffectContext): Promise<Drawn | Pending>;
  /** Chosen clips that cannot be read, or are not allowed here, are listed. */
  validate(
    window: string,
    e: EffectContext,
  ): Promise<{ readonly usable: number; readonly bad: readonly string[] }>;
  openBatch(
    of: { readonly window: string; readonly batch: string; readonly dataset: string },
    e: EffectContext,
  ): Promise<{ readonly tasks: number }>;
  voidTasks(batch: string, reason: string, e: EffectContext): Promise<{ readonly void: number }>;
  build(dataset: string, e: EffectContext): Promise<{ readonly operation: string }>;
  built(operation: string, e: EffectContext): Promise<Built | Pending>;
  /** Gates as they are, the difference to the parent and the two numbers. */
  evidence(
    of: { readonly model: string; readonly version: string },
    e: EffectContext,
  ): Promise<readonly ShownEvidence[]>;
  publish(
    version: string,
    sign: { readonly by: string; readonly reason: string },
    e: EffectContext,
  ): Promise<{ readonly state: string }>;
  /** The version that this run made and nobody signed, if there is one. */
  discard(dataset: string, reason: string, e: EffectContext): Promise<{ readonly state: string }>;
  /** Pending while another version trains the model: one training a model. */
  free(
    of: { readonly model: string; readonly version: string },
    e: EffectContext,
  ): Promise<{ readonly free: true } | Pending>;
  train(
    of: { readonly model: string; readonly version: string },
    e: EffectContext,
  ): Promise<{ readonly training: string }>;
  trained(training: string, e: EffectContext): Promise<Trained | Pending>;
  /** The training that this run started, if there is one that goes on. */
  stop(
    of: { readonly model: string; readonly version: string },
    reason: string,
    e: EffectContext,
  ): Promise<{ readonly state: string }>;
  /** Asks what its lanes taught, where the policy wants it: the run does not wait for that. */
  teaches(training: string, e: EffectContext): Promise<Teaches>;
}
