/** The shortest way to the most usual signal: one number of a stamped message. */
import { op } from './ros-flat.ts';

/** One double behind spans that end with a text: most signals of stamped messages. */
export interface LoneDouble {
  /** Alignment and length of the span before each text. */
  readonly texts: Int32Array;
  readonly align: number;
  readonly length: number;
  readonly delta: number;
}

/** Undefined when the program does anything else. */
export function loneDouble(code: Int32Array): LoneDouble | undefined {
  const texts: number[] = [];
  let c = 0;
  for (; code[c] === op.text; c += 3) texts.push(code[c + 1] ?? 0, code[c + 2] ?? 0);
  const [what, align = 0, length = 0, slot, delta = 0, next] = code.subarray(c);
  if (what !== op.spanDouble || slot !== 0 || next !== op.end) return undefined;
  return { texts: Int32Array.from(texts), align, length, delta };
}

/** Where the double of a message stands, or -1 when the message ends before it does. */
export function findDouble(lone: LoneDouble, view: DataView, from: number, end: number): number {
  const { texts, align, length, delta } = lone;
  let p = from;
  for (let k = 0; k < texts.length; k += 2) {
    const step = texts[k] ?? 0;
    p = (step > 1 ? p + ((from - p) & (step - 1)) : p) + (texts[k + 1] ?? 0);
    if (end - p < 4) return -1;
    const size = view.getUint32(p, true);
    if (size > end - p - 4) return -1;
    p += 4 + size;
  }
  const base = align > 1 ? p + ((from - p) & (align - 1)) : p;
  return length > end - base ? -1 : base + delta;
}
