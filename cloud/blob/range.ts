/** What part of a file a request asks for (RFC 9110, section 14). */
export type ByteRange =
  | { readonly kind: 'whole' }
  /** `start` to before `end`. */
  | { readonly kind: 'part'; readonly start: number; readonly end: number }
  | { readonly kind: 'refused'; readonly why: string; readonly remedy: string };

/**
 * One range of bytes out of `size`. Another unit is ignored, as the standard says; several ranges,
 * a malformed one and one outside the file are refused.
 */
export function parseRange(header: string | undefined, size: number): ByteRange {
  const set = /^\s*bytes\s*=(.*)$/i.exec(header ?? '')?.[1]?.trim();
  if (set === undefined) return { kind: 'whole' };
  if (set.includes(',')) {
    return refused('several ranges are asked for at once', 'Ask for one range a request.');
  }
  const match = /^(\d{0,16})-(\d{0,16})$/.exec(set);
  const [first, last] = [match?.[1] ?? '', match?.[2] ?? ''];
  if (first === '' && last === '') {
    return refused('the range has no bytes', 'Write bytes=FIRST-LAST, FIRST- or -LENGTH.');
  }
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size : Math.min(size, Number(last) + 1);
  if (start >= size || start >= end) {
    return refused(`the range lies outside the ${size} bytes`, `Ask within 0 to ${size - 1}.`);
  }
  return { kind: 'part', start, end };
}

const refused = (why: string, remedy: string): ByteRange => ({ kind: 'refused', why, remedy });

/** Whether a list of entity tags such as `"a", W/"b"` names this one; `*` names every one. */
export function namesTag(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  return header.split(',').some((one) => {
    const given = one.trim();
    return given === '*' || given === tag || given === `W/${tag}`;
  });
}
