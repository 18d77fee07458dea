/** Patterns of texts with `*` and `?`. */
import type { Written } from './syntax.ts';

/** Pieces of a pattern: a text as it is, `*` for any run of characters, `?` for one. */
export type Glob = readonly (
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'many' }
  | { readonly kind: 'one' }
)[];

/** `A` to `Z` in lower case, and nothing else: what both databases do to text of any language. */
export const folded = (text: string): string =>
  text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());

/** Whether a value holds `*` or `?` that stand for other characters. */
export const isPattern = ({ text, quoted }: Written): boolean => !quoted && /[*?]/u.test(text);

/** The pieces of a pattern; a quoted text is itself. */
export function globOf({ text, quoted }: Written): Glob {
  if (quoted) return [{ kind: 'text', text }];
  return text
    .split(/([*?])/u)
    .filter((piece) => piece !== '')
    .map((piece) => {
      if (piece === '*') return { kind: 'many' };
      return piece === '?' ? { kind: 'one' } : { kind: 'text', text: piece };
    });
}

/** Whether all of `text` matches, without regard to the case of A to Z. One `?` is a code point. */
export function globMatches(glob: Glob, text: string): boolean {
  const chars = Array.from(folded(text));
  // The places in `chars` that the pieces so far can reach.
  let reached = new Set([0]);
  for (const piece of glob) {
    const next = new Set<number>();
    if (piece.kind === 'many') {
      const first = Math.min(...reached);
      for (let at = first; at <= chars.length; at += 1) next.add(at);
    } else {
      const wanted = piece.kind === 'text' ? Array.from(folded(piece.text)) : [undefined];
      for (const at of reached) {
        const fits = wanted.every((char, i) =>
          char === undefined ? at + i < chars.length : chars[at + i] === char,
        );
        if (fits) next.add(at + wanted.length);
      }
    }
    if (next.size === 0) return false;
    reached = next;
  }
  return reached.has(chars.length);
}
