/** What the models of this robot are given, and what they tell the rest of the agent. */
import type { MessagePort } from 'node:worker_threads';
import type { Clock, Log, Random } from '@fieldloop/core';
import type { ArtifactRef, Desired, ModelFault } from '@fieldloop/proto';
import type { ArtifactShelf } from './buffer/artifacts.ts';
import type { EngineWish } from './score/engine-wish.ts';
import type { ReadyModel } from './score/protocol.ts';
import type { Crew } from './scoring-crew.ts';
import type { ChosenModels } from './update/plan.ts';

/** What the data thread is told when frames go elsewhere. */
export interface ScoringWays {
  readonly port: MessagePort | undefined;
  readonly models: readonly ReadyModel[];
  /** Whether the crew before still answers what it has in work. */
  readonly before: 'died' | 'lives';
}

export interface ShadowWays {
  readonly port: MessagePort | undefined;
  readonly models: readonly ReadyModel[];
}

export interface ModelsInUse {
  readonly state: ChosenModels;
  readonly crew: Crew | undefined;
  readonly shadowCrew: Crew | undefined;
  /** Artifacts that are wanted and not on disk are told to `want`. */
  begin(host: ModelsHost): Promise<void>;
  /** A new way to the crew that scores, and to the one that only counts. */
  ways(): ScoringWays;
  shadowWays(): ShadowWays;
  take(desired: Desired): void;
  /** An artifact is on disk. */
  arrived(): void;
  /** An artifact cannot be had now; it is tried again. */
  missing(ref: ArtifactRef, why: ModelFault): void;
  /** The data thread switched the model off. */
  off(model: string, why: string): void;
  /** What an operator of this robot should know. */
  readonly degraded: readonly string[];
  /** Why artifacts do not come, the last reason. */
  readonly trouble: ModelFault | undefined;
  readonly shelf: ArtifactShelf;
  stop(): Promise<void>;
}

export interface ModelsHost {
  want(refs: readonly ArtifactRef[]): void;
  /** Frames go another way from now on. */
  onWays(ways: ScoringWays): void;
  onShadowWays(ways: ShadowWays): void;
  /** Something that is reported changed. */
  onChange(): void;
  tell(text: string): void;
}

export interface ModelsDeps {
  readonly own: readonly { readonly id: string; readonly path: string }[];
  /** `models/` below the buffer. */
  readonly dir: string;
  readonly shelf: ArtifactShelf;
  readonly soakMs: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** What models run on; absent: the processor. */
  readonly engine?: EngineWish | undefined;
}
