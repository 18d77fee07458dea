/** What advancing one run is made of. */
import type { Clock, Ids } from '@fieldloop/core';
import type { Db } from '../../store/db.ts';
import type { BoundaryKind } from './boundary.ts';
import type { Turn } from './turn.ts';

export interface Advance {
  readonly write: Db;
  readonly clock: Clock;
  readonly ids: Ids;
  /** Name of this worker. */
  readonly node: string;
  readonly turn: Turn;
  /** Aborts when the worker stops. */
  readonly stop: AbortSignal;
  boundary(kind: BoundaryKind, step: string): Promise<void>;
  /** The newest version of a workflow that this worker knows. Fault `not_found`. */
  versionOf(workflow: string): number;
}
