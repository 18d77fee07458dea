/**
 * Whether a topic fits a pattern: `*` stands for one part of the name, `**` for any number of
 * parts. Of two patterns: whether some topic fits both. The time is linear in parts of one times
 * parts of the other.
 */
export function topicFits(pattern: string, topic: string): boolean {
  const wanted = pattern.split('/');
  const parts = topic.split('/');
  const leading = parts.findIndex((part) => part !== '**');
  // fits[j]: the pattern read so far matches the first j parts.
  let fits = [true, ...parts.map((_, i) => leading === -1 || i < leading)];
  for (const want of wanted) {
    const next = fits.map(() => false);
    next[0] = want === '**' && (fits[0] ?? false);
    for (const [i, part] of parts.entries()) {
      const isOne = want === part || want === '*' || part === '*';
      next[i + 1] =
        want === '**' || part === '**'
          ? (fits[i + 1] ?? false) || (next[i] ?? false)
          : isOne && (fits[i] ?? false);
    }
    fits = next;
  }
  return fits[parts.length] ?? false;
}
