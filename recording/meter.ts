/**
 * What a reader holds at this moment, in bytes it allocated or read and has not handed on. The
 * bound of `limits.ts` is tested on these figures.
 */
export interface ReadMeter {
  take(bytes: number): void;
  release(bytes: number): void;
}

export const unmetered: ReadMeter = { take: () => {}, release: () => {} };

/** Counts; `peak` is the most that was held at once. */
export function openMeter(): ReadMeter & { readonly held: number; readonly peak: number } {
  let held = 0;
  let peak = 0;
  return {
    take(bytes) {
      held += bytes;
      peak = Math.max(peak, held);
    },
    release(bytes) {
      held -= bytes;
    },
    get held() {
      return held;
    },
    get peak() {
      return peak;
    },
  };
}
