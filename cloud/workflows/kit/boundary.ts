/**
 * The places at which a worker can die and which therefore must not matter. The crash kit hears of
 * each and ends the worker there; elsewhere nobody listens.
 */
export type BoundaryKind =
  /** A turn begins: a start, a wake-up, or a lease that ran out. */
  | 'wake'
  /** Before an effect, with its attempt written down. */
  | 'before'
  /** After it, with nothing of it written down. */
  | 'after'
  /** A wait is written down, the engine does not know. */
  | 'park';

export interface Boundary {
  readonly run: string;
  readonly workflow: string;
  readonly kind: BoundaryKind;
  readonly step: string;
}

export type OnBoundary = (at: Boundary) => Promise<void> | void;
