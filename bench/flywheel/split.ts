/**
 * Which rows a seed trains on before deployment, chooses from, and is measured on: the first fifth,
 * then blocks in turn, each fourth of them held out. Blocks, because neighbours in time look alike.
 */
export interface Split {
  /** Before deployment: the base model knows these and no others. */
  readonly first: readonly number[];
  /** Blocks of rows that robots meet, and that may be labelled. */
  readonly pool: readonly (readonly number[])[];
  /** Held out from everything but the measuring. */
  readonly held: readonly (readonly number[])[];
}

/** Of 5,456 rows 1,091 come first, and blocks are of 45 rows: five seconds at 9 Hz. */
const firstShare = 0.2;
export const blockRows = 45;
const everyHeld = 4;
/** A short table has shorter blocks, so that something is held out. */
const leastBlocks = 96;

export function splitOf(rows: number, seed: number): Split {
  const first = Math.floor(rows * firstShare);
  const block = Math.max(1, Math.min(blockRows, Math.floor((rows - first) / leastBlocks)));
  const blocks = Array.from({ length: Math.ceil((rows - first) / block) }, (_, n) => {
    const from = first + n * block;
    return range(from, Math.min(from + block, rows));
  });
  const isHeld = (n: number): boolean => n % everyHeld === seed % everyHeld;
  return {
    first: range(0, first),
    pool: blocks.filter((_, n) => !isHeld(n)),
    held: blocks.filter((_, n) => isHeld(n)),
  };
}

const range = (from: number, to: number): readonly number[] =>
  Array.from({ length: to - from }, (_, n) => from + n);
