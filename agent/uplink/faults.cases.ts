/** What a link and a cloud of tests may do to a message. */

/** Chances of a message: 0 is a perfect world. */
export interface Faults {
  readonly loseDown: number;
  readonly loseChunk: number;
  readonly double: number;
  readonly damageChunk: number;
  /** Nonsense instead of an answer. */
  readonly garble: number;
  /** An Open is answered LATER. */
  readonly later: number;
}

export const noFaults: Faults = {
  loseDown: 0,
  loseChunk: 0,
  double: 0,
  damageChunk: 0,
  garble: 0,
  later: 0,
};
