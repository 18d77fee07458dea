/** Shares are decimal: 10 clips less 80 % are a hair below 2. */
const rounding = 1e-6;

/** Clips of a budget that its reserve leaves to rules that are not critical. */
export function clipsBeside(reserve: number, clips: number): number {
  return Math.floor(clips * (1 - reserve) + rounding);
}
