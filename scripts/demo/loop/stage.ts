/** What every stage of the loop is given. */
import type { Site } from '../site.ts';

export interface LoopPlan {
  readonly root: string;
  readonly site: Site;
  readonly seed: number;
  readonly signal: AbortSignal;
  readonly say: (text: string) => void;
}

export interface Stage extends LoopPlan {
  /** A heading with the time since the start. */
  readonly stage: (title: string) => void;
}
