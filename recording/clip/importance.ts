/** Which topics of a clip have room when its bytes are bounded. Pure. */

/**
 * Topics of `sums` that do not fit into `maxBytes` when the more important ones go first: as they
 * were named; those that `*` stands for behind them, the smallest first.
 */
export function withoutRoom(
  named: readonly string[],
  sums: ReadonlyMap<string, { readonly bytes: number }>,
  maxBytes: number,
): readonly string[] {
  let room = maxBytes;
  return byImportance(named, sums).filter((topic) => {
    const bytes = sums.get(topic)?.bytes ?? 0;
    if (bytes > room) return true;
    room -= bytes;
    return false;
  });
}

function byImportance(
  topics: readonly string[],
  sums: ReadonlyMap<string, { readonly bytes: number }>,
): readonly string[] {
  const named = topics.filter((topic) => sums.has(topic));
  const others = [...sums]
    .filter(([topic]) => !named.includes(topic))
    .sort(([a, { bytes: x }], [b, { bytes: y }]) => x - y || (a < b ? -1 : 1));
  return [...named, ...others.map(([topic]) => topic)];
}
