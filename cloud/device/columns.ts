/** A series at the width of a screen: least and most of each pixel column. Pure. */

export interface Point {
  /** Unix milliseconds. */
  readonly at: number;
  readonly value: number;
}

export interface Column {
  /** Where the column begins, Unix milliseconds. */
  readonly at: number;
  readonly least: number;
  readonly most: number;
  readonly count: number;
}

/**
 * `points` in order of time, inside [startMs, endMs). Columns without a point are left out, so
 * that a gap stays a gap; no spike is lost, whatever the width.
 */
export function columnsOf(
  points: readonly Point[],
  view: { readonly startMs: number; readonly endMs: number; readonly px: number },
): readonly Column[] {
  const { startMs, endMs, px } = view;
  const widthMs = (endMs - startMs) / px;
  const columns: Column[] = [];
  let last = -1;
  for (const { at, value } of points) {
    const index = Math.min(px - 1, Math.floor((at - startMs) / widthMs));
    const known = columns.at(-1);
    if (known === undefined || index !== last) {
      const begins = Math.round(startMs + index * widthMs);
      columns.push({ at: begins, least: value, most: value, count: 1 });
      last = index;
    } else {
      columns[columns.length - 1] = {
        at: known.at,
        least: Math.min(known.least, value),
        most: Math.max(known.most, value),
        count: known.count + 1,
      };
    }
  }
  return columns;
}
