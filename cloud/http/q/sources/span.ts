type Item = Readonly<Record<string, unknown>>;

/** Milliseconds between two log times of an item's JSON. */
export const spanMs =
  (from: string, to: string) =>
  (item: Item): number | undefined => {
    const [start, end] = [item[from], item[to]];
    return typeof start === 'string' && typeof end === 'string'
      ? Number(BigInt(end) - BigInt(start)) / 1e6
      : undefined;
  };
