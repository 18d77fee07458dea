import type { Fault } from '@fieldloop/core';
import type { ReadMeter } from './meter.ts';
import type { RecordingFormat } from './types.ts';

export interface ReadOptions {
  readonly signal?: AbortSignal | undefined;
  /** Instead of looking at the first bytes. */
  readonly format?: RecordingFormat | undefined;
  /** Damaged chunks are passed over; `skipped` hears of each. */
  readonly salvage?: boolean | undefined;
  readonly skipped?: ((fault: Fault) => void) | undefined;
  /** Blocks are valid only until the next item is asked for; saves most allocation. */
  readonly reuse?: boolean | undefined;
  /** False, as with `salvage`: no checksums over whole sections; chunks keep theirs. */
  readonly verify?: boolean | undefined;
  /** Hears what the reader holds, for tests of its bounds. */
  readonly meter?: ReadMeter | undefined;
}
