/**
 * Pairs rows with columns so that the sum of their values is largest. Kuhn (1955) & Munkres (1957),
 * "Algorithms for the assignment and transportation problems", in the form with potentials and
 * shortest augmenting paths, O(n³).
 */

/** Beyond these many rows or columns the largest value goes first: nearly as good, and in time. */
export const mostMatched = 200;

export interface Pair {
  readonly row: number;
  readonly column: number;
}

/**
 * `values[row][column]`, all rows alike long. Pairs below `least` are left out, in the order of the
 * rows.
 */
export function match(values: readonly (readonly number[])[], least = 0): readonly Pair[] {
  const rows = values.length;
  const columns = values[0]?.length ?? 0;
  const pairs =
    Math.max(rows, columns) > mostMatched ? greedy(values) : hungarian(values, rows, columns);
  return pairs
    .filter(({ row, column }) => (values[row]?.[column] ?? 0) >= least)
    .toSorted((a, b) => a.row - b.row);
}

function greedy(values: readonly (readonly number[])[]): readonly Pair[] {
  const all = values.flatMap((of, row) => of.map((value, column) => ({ row, column, value })));
  const taken = { rows: new Set<number>(), columns: new Set<number>() };
  const pairs: Pair[] = [];
  for (const { row, column } of all.toSorted((a, b) => b.value - a.value || a.row - b.row)) {
    if (taken.rows.has(row) || taken.columns.has(column)) continue;
    taken.rows.add(row);
    taken.columns.add(column);
    pairs.push({ row, column });
  }
  return pairs;
}

/** Costs are the values below zero; the shorter side is extended by pairs that cost nothing. */
function hungarian(
  values: readonly (readonly number[])[],
  rows: number,
  columns: number,
): readonly Pair[] {
  const n = Math.max(rows, columns);
  const cost = (row: number, column: number): number => -(values[row]?.[column] ?? 0);
  const [u, v] = [new Float64Array(n + 1), new Float64Array(n + 1)];
  // Of each column, the row that it is paired with; both count from 1, 0 is none.
  const paired = new Int32Array(n + 1);
  const before = new Int32Array(n + 1);
  for (let row = 1; row <= n; row += 1) {
    const shortest = new Float64Array(n + 1).fill(Number.POSITIVE_INFINITY);
    const used = new Uint8Array(n + 1);
    let at = 0;
    paired[0] = row;
    do {
      used[at] = 1;
      const from = paired[at] ?? 0;
      let step = Number.POSITIVE_INFINITY;
      let to = 0;
      for (let column = 1; column <= n; column += 1) {
        if (used[column] === 1) continue;
        const here = cost(from - 1, column - 1) - (u[from] ?? 0) - (v[column] ?? 0);
        if (here < (shortest[column] ?? 0)) [shortest[column], before[column]] = [here, at];
        if ((shortest[column] ?? 0) < step) [step, to] = [shortest[column] ?? 0, column];
      }
      for (let column = 0; column <= n; column += 1) {
        if (used[column] === 1) {
          u[paired[column] ?? 0] = (u[paired[column] ?? 0] ?? 0) + step;
          v[column] = (v[column] ?? 0) - step;
        } else shortest[column] = (shortest[column] ?? 0) - step;
      }
      at = to;
    } while (paired[at] !== 0);
    for (; at !== 0; at = before[at] ?? 0) paired[at] = paired[before[at] ?? 0] ?? 0;
  }
  const pairs = Array.from(paired, (row, column) => ({ row: row - 1, column: column - 1 }));
  return pairs.filter(
    ({ row, column }) => row >= 0 && column >= 0 && row < rows && column < columns,
  );
}
