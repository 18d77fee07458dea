/** Widths of bins that people can read: 1, 2 or 5 times a power of ten; seconds, minutes, days. */

/** The smallest round width that is not below `least`; 1 where there is no width. */
export function roundWidth(least: number): number {
  if (!(least > 0) || !Number.isFinite(least)) return 1;
  const power = 10 ** Math.floor(Math.log10(least));
  const factor = [1, 2, 5, 10].find((one) => one * power >= least) ?? 10;
  return Number((factor * power).toPrecision(12));
}

const second = 1_000_000_000n;
const [minute, hour, day] = [60n * second, 3600n * second, 86_400n * second];

const steps = [
  ...[1n, 2n, 5n, 10n, 15n, 30n].map((n) => n * second),
  ...[1n, 2n, 5n, 10n, 15n, 30n].map((n) => n * minute),
  ...[1n, 2n, 3n, 6n, 12n].map((n) => n * hour),
  ...[1n, 2n, 7n, 14n, 28n].map((n) => n * day),
];

/** As `roundWidth`, of nanoseconds: in words of a clock from a second on. */
export function roundWidthNs(least: bigint): bigint {
  if (least < second) return BigInt(Math.max(1, Math.ceil(roundWidth(Number(least)))));
  const step = steps.find((one) => one >= least);
  if (step !== undefined) return step;
  return BigInt(roundWidth(Number(least / day) + 1)) * day;
}
