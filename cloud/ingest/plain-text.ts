/**
 * Texts of robots as both databases take them: PostgreSQL has no U+0000, so it becomes U+FFFD, the
 * character that stands for one that cannot be shown.
 */
export function plainText(text: string): string {
  return text.includes('\0') ? text.replaceAll('\0', '\uFFFD') : text;
}

/** Every text inside a JSON value, names of members included. */
export function plainTexts<T>(value: T): T {
  if (typeof value === 'string') return plainText(value) as T;
  if (Array.isArray(value)) return value.map((one: unknown) => plainTexts(one)) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [plainText(name), plainTexts(one as unknown)]),
  ) as T;
}
