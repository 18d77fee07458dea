/**
 * Whether a topic fits a pattern of the latched list: `*` stands for one part of the name, `**`
 * for any number of parts. The time is linear in parts of pattern times parts of topic.
 */
export function topicFits(pattern: string, topic: string): boolean {
  const wanted = pattern.split('/');
  const parts = topic.split('/');
  // fits[j]: the pattern read so far matches the first j parts.
  let fits = [true, ...parts.map(() => false)];
  for (const want of wanted) {
    const next = fits.map(() => false);
    for (let j = 0; j <= parts.length; j += 1) {
      if (want === '**') next[j] = (fits[j] ?? false) || (j > 0 && (next[j - 1] ?? false));
      else if (j > 0) next[j] = (fits[j - 1] ?? false) && (want === '*' || want === parts[j - 1]);
    }
    fits = next;
  }
  return fits[parts.length] ?? false;
}
