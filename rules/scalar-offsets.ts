/**
 * Where each character of a YAML text value stands in the file. In block scalars only white
 * space differs between file and value; plain and quoted scalars fold lines (YAML 1.2.2 section
 * 6.5), and quoted ones have escapes (section 5.7).
 */
export interface WrittenScalar {
  readonly value: string;
  readonly style: 'plain' | 'single' | 'double' | 'block';
  readonly start: number;
  readonly end: number;
}

/** Offsets for 0 to `value.length`; the last one is the end of the text. */
export function scalarOffsets(text: string, scalar: WrittenScalar): Int32Array {
  const offsets = new Int32Array(scalar.value.length + 1);
  const isQuoted = scalar.style === 'single' || scalar.style === 'double';
  const [filled, at] =
    scalar.style === 'block'
      ? alignBlock(text, scalar, offsets)
      : alignFlow(text, { ...scalar, start: scalar.start + (isQuoted ? 1 : 0) }, offsets);
  offsets.fill(Math.min(at, scalar.end), filled);
  return offsets;
}

/** Block scalars: visible characters are found again one by one. */
function alignBlock(text: string, scalar: WrittenScalar, offsets: Int32Array): [number, number] {
  let at = contentStart(text, scalar.start);
  let i = 0;
  for (; i < scalar.value.length && at < scalar.end; i += 1) {
    if (!isSpace(scalar.value.charAt(i))) at = afterSpace(text, at);
    offsets[i] = at;
    if (!isSpace(scalar.value.charAt(i)) || isSpace(text.charAt(at))) at += 1;
  }
  return [i, at];
}

/** Plain and quoted scalars: each piece of the file gives a known number of characters. */
function alignFlow(text: string, scalar: WrittenScalar, offsets: Int32Array): [number, number] {
  let at = scalar.start;
  let i = 0;
  while (i < scalar.value.length && at < scalar.end) {
    const piece = pieceAt(text, at, scalar.style);
    offsets.fill(at, i, i + piece.units);
    i += piece.units;
    at += piece.length;
  }
  return [Math.min(i, scalar.value.length), at];
}

/** Characters in the file, and the UTF-16 units of the value that they give. */
interface Piece {
  readonly length: number;
  readonly units: number;
}

function pieceAt(text: string, at: number, style: WrittenScalar['style']): Piece {
  const c = text.charAt(at);
  if (style === 'double' && c === '\\') return escapeAt(text, at);
  if (style === 'single' && text.startsWith("''", at)) return { length: 2, units: 1 };
  if (!isSpace(c)) return { length: 1, units: 1 };
  // One line break folds to a blank, more of them to one break less; the blanks around go.
  const length = afterSpace(text, at) - at;
  const breaks = breaksIn(text, at, at + length);
  return breaks === 0 ? { length: 1, units: 1 } : { length, units: Math.max(1, breaks - 1) };
}

function breaksIn(text: string, from: number, to: number): number {
  let breaks = 0;
  for (let i = from; i < to; i += 1) if (text.charAt(i) === '\n') breaks += 1;
  return breaks;
}

/** The first line after the header `|`, `>-`, `|2 # comment`. */
function contentStart(text: string, start: number): number {
  const lineEnd = text.indexOf('\n', start);
  return lineEnd < 0 ? text.length : lineEnd + 1;
}

function isSpace(c: string): boolean {
  return c === ' ' || c === '\t' || c === '\n' || c === '\r';
}

function afterSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && isSpace(text.charAt(at))) at += 1;
  return at;
}

const hexDigits: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

function escapeAt(text: string, at: number): Piece {
  const letter = text.charAt(at + 1);
  const digits = hexDigits[letter];
  if (digits !== undefined) {
    const code = Number.parseInt(text.slice(at + 2, at + 2 + digits), 16);
    return { length: 2 + digits, units: code > 0xffff ? 2 : 1 };
  }
  if (letter === '\n' || letter === '\r') {
    const end = afterSpace(text, at + 1);
    return { length: end - at, units: breaksIn(text, at, end) - 1 };
  }
  return { length: 2, units: 1 };
}
