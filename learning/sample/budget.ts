/** What labels may cost: bytes of recordings, and minutes of people. */
export interface Budget {
  readonly bytes: number;
  readonly minutes: number;
}

/**
 * Greedy by value / max(bytes / B, minutes / M): a unit costs the scarcer of the two. Indices of
 * what fits, the best first; what does not fit is passed over, and smaller ones behind it are
 * tried. Equal ones keep their order.
 */
export function fillBudget(
  units: readonly { readonly value: number; readonly bytes: number; readonly minutes: number }[],
  budget: Budget,
): readonly number[] {
  const rates = units.map(({ value, bytes, minutes }) => {
    const cost = Math.max(share(bytes, budget.bytes), share(minutes, budget.minutes));
    return cost === 0 ? Number.POSITIVE_INFINITY : value / cost;
  });
  const order = units
    .map((_, i) => i)
    .sort((a, b) => compare(rates[b] as number, rates[a] as number) || a - b);
  const left = { bytes: budget.bytes, minutes: budget.minutes };
  return order.filter((i) => {
    const unit = units[i];
    if (unit === undefined || !fits(unit, left)) return false;
    spend(left, unit);
    return true;
  });
}

const share = (part: number, whole: number): number =>
  part === 0 ? 0 : whole === 0 ? Number.POSITIVE_INFINITY : part / whole;

const compare = (a: number, b: number): number => (a === b ? 0 : a - b);

/** A thousandth of a second of labelling is not counted: sums of fractions are not exact. */
const slack = 1e-5;

export const fits = (cost: Budget, left: Budget): boolean =>
  cost.bytes <= left.bytes && cost.minutes <= left.minutes + slack;

function spend(left: { bytes: number; minutes: number }, cost: Budget): void {
  left.bytes -= cost.bytes;
  left.minutes -= cost.minutes;
}
