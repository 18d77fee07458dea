/** Work that takes longer than a request: started by one, watched and cancelled by others. */
import type { Json } from '@fieldloop/core';

export const operationStates = ['queued', 'running', 'done', 'failed', 'cancelled'] as const;
export type OperationState = (typeof operationStates)[number];

export interface Progress {
  readonly done: number;
  /** Absent while nobody knows how much there is. */
  readonly total?: number;
  /** What is counted: `clips`, `bytes`. */
  readonly unit?: string;
}

export interface OperationProblem {
  readonly code: string;
  readonly message: string;
  readonly remedy?: string;
}

export interface LongOperation {
  readonly id: string;
  readonly kind: string;
  readonly state: OperationState;
  readonly input: Json;
  readonly createdBy: string;
  readonly progress: Progress;
  readonly result?: Json;
  readonly problem?: OperationProblem;
  /** Times that a worker began it: more than once when a worker died. */
  readonly attempts: number;
  readonly cancelAsked: boolean;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly endedAt?: number;
  readonly version: number;
}

export const isEnded = ({ state }: Pick<LongOperation, 'state'>): boolean =>
  state === 'done' || state === 'failed' || state === 'cancelled';
