/** The world's time: whole ticks of 10 ms since its start. */
export const ticksPerSecond = 100;
export const tickSeconds = 1 / ticksPerSecond;
export const tickNs = 10_000_000n;

export function ticks(seconds: number): number {
  return Math.round(seconds * ticksPerSecond);
}

/** Every robot looks at its own moment, so that a tick never carries the work of all. */
export function isDue(tick: number, everyTicks: number, offset: number): boolean {
  return (tick + offset) % everyTicks === 0;
}
