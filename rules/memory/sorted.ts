/** Numbers kept in order; a change moves the larger ones by one place. */
export interface Sorted {
  insert(value: number): void;
  /** Takes away one number equal to `value`, which is there. */
  remove(value: number): void;
  quantile(share: number): number;
  clear(): void;
}

export function openSorted(): Sorted {
  let values = new Float64Array(16);
  let count = 0;
  /** The first place whose number is not smaller. */
  const placeOf = (value: number): number => {
    let low = 0;
    let high = count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((values[middle] ?? 0) < value) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return {
    insert(value) {
      if (count === values.length) {
        const larger = new Float64Array(count * 2);
        larger.set(values);
        values = larger;
      }
      const place = placeOf(value);
      values.copyWithin(place + 1, place, count);
      values[place] = value;
      count += 1;
    },
    remove(value) {
      const place = placeOf(value);
      values.copyWithin(place, place + 1, count);
      count -= 1;
    },
    quantile(share) {
      const place = (count - 1) * share;
      const below = Math.floor(place);
      const low = values[below] ?? Number.NaN;
      const part = place - below;
      if (part === 0) return low;
      const high = values[below + 1] ?? low;
      const gap = high - low;
      // Between an infinity and anything else lies that infinity.
      return Number.isFinite(gap) ? low + part * gap : low + high;
    },
    clear() {
      count = 0;
    },
  };
}
