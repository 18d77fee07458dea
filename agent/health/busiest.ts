/** The names with the largest numbers, the largest first. Pure. */
export function busiest(
  numbers: Readonly<Record<string, number>>,
  most: number,
): readonly (readonly [name: string, number: number])[] {
  return Object.entries(numbers)
    .toSorted(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
    .slice(0, most);
}
