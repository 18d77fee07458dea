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

interface PatternFault {
  readonly message: string;
  readonly remedy: string;
}

/** What is wrong with a pattern that fits no topic, and what works; undefined when it is fine. */
export function patternFault(pattern: string): PatternFault | undefined {
  const parts = pattern.split('/');
  if (parts.every((part) => !part.includes('*') || part === '*' || part === '**')) return undefined;
  return {
    message: `"${pattern.slice(0, 60)}" fits no topic: * is a whole part of a name, never inside one`,
    remedy: `Write ${fitting(parts)}, where * is one part and ** any number of them, or name the topics.`,
  };
}

/** The pattern with whole parts where it has a wildcard inside one. */
const fitting = (parts: readonly string[]): string =>
  parts
    .map((part) => (part.includes('*') && part !== '**' ? '*' : part))
    .join('/')
    .slice(0, 80);

/** What is wrong with the name of one topic, where no pattern is taken. */
export function topicFault(topic: string): PatternFault | undefined {
  if (!topic.includes('*')) return undefined;
  return {
    message: `"${topic.slice(0, 60)}" is a pattern where one topic is needed`,
    remedy: 'Write the whole name of one topic; captures, downsample and latched take patterns.',
  };
}
