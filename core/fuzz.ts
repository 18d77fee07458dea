/**
 * What `npm run fuzz` asks of a room, and how inputs are bent. A target takes many inputs that
 * chance drew from a seed; each must end well or in a Fault with its place. The same seed gives
 * the same inputs on every machine.
 */
import type { Random } from './random.ts';

export interface FuzzOptions {
  readonly seed: number;
  readonly inputs: number;
  /**
   * Called at least once a second, with all failures so far: who hears nothing for long takes it
   * for a hang.
   */
  readonly onProgress?: ((done: number, failures: readonly string[]) => void) | undefined;
}

export interface FuzzResult {
  /** Inputs that were tried. */
  readonly inputs: number;
  /** What they did, for a person: counts by outcome. */
  readonly lines: readonly string[];
  /** What must not be, each with what finds it again. */
  readonly failures: readonly string[];
}

export type FuzzTarget = (options: FuzzOptions) => Promise<FuzzResult>;

/** Failures after which a target stops: the first ones say what is wrong. */
export const maxFuzzFailures = 10;

const sharpBytes = [0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff];
const sharpWords = [0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0x0100_0000, 0xffff];

/** A copy with one to four changes: bits, lengths that lie, pieces gone, doubled or cut off. */
export function mutateBytes(bytes: Uint8Array, random: Random): Uint8Array {
  let now = new Uint8Array(bytes);
  const changes = 1 + random.integer(4);
  for (let i = 0; i < changes; i += 1) now = changeBytes(now, random);
  return now;
}

function changeBytes(now: Uint8Array<ArrayBuffer>, random: Random): Uint8Array<ArrayBuffer> {
  if (now.length === 0) return Uint8Array.of(random.integer(256));
  const at = random.integer(now.length);
  switch (random.integer(8)) {
    case 0:
      now[at] = (now[at] ?? 0) ^ (1 << random.integer(8));
      return now;
    case 1:
      now[at] = sharpBytes[random.integer(sharpBytes.length)] ?? 0;
      return now;
    case 2:
      now[at] = random.integer(256);
      return now;
    case 3: {
      if (now.length < 4) return now;
      const place = Math.min(at, now.length - 4);
      const word = sharpWords[random.integer(sharpWords.length)] ?? 0;
      new DataView(now.buffer, now.byteOffset).setUint32(place, word, true);
      return now;
    }
    case 4:
      return now.slice(0, at);
    case 5:
      return joined(now.subarray(0, at), now.subarray(at + pieceOf(now, at, random)));
    case 6: {
      const end = at + pieceOf(now, at, random);
      return joined(now.subarray(0, end), now.subarray(at));
    }
    default: {
      const from = random.integer(now.length);
      const length = Math.min(pieceOf(now, at, random), now.length - from);
      now.copyWithin(at, from, from + length);
      return now;
    }
  }
}

/** Mostly short: a field, seldom a record. */
const pieceOf = (now: Uint8Array, at: number, random: Random): number =>
  1 + random.integer(Math.min(now.length - at, random.integer(4) === 0 ? 4096 : 16));

function joined(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(a.length + b.length);
  whole.set(a);
  whole.set(b, a.length);
  return whole;
}

const sharpTexts = [
  '',
  ' ',
  '\n',
  '\t',
  '\u0000',
  '\u2028',
  '\ud800',
  '{',
  '}',
  '[',
  ']',
  ':',
  ': ',
  '- ',
  '"',
  "'",
  '#',
  '&a ',
  '*a',
  '!!binary ',
  '<<: ',
  '|\n',
  '0',
  '-1',
  '1e309',
  '.nan',
  '.inf',
  '0x7fffffffffffffff',
  '9007199254740993',
  'null',
  '~',
  'true',
  '${X}',
  '../..',
  '__proto__',
  'constructor',
  '%',
  '1ns',
  '1000000000000h',
  '1EiB',
];

/** The text with one to four changes; `words` are put in beside those that hurt anywhere. */
export function mutateText(text: string, random: Random, words: readonly string[] = []): string {
  let now = text;
  const changes = 1 + random.integer(4);
  for (let i = 0; i < changes; i += 1) now = changeText(now, random, words);
  return now;
}

function changeText(now: string, random: Random, words: readonly string[]): string {
  const at = random.integer(now.length + 1);
  const length = 1 + random.integer(random.integer(4) === 0 ? 400 : 12);
  const word = (): string => {
    const from = words.length > 0 && random.integer(2) === 0 ? words : sharpTexts;
    return from[random.integer(from.length)] ?? '';
  };
  switch (random.integer(8)) {
    case 0:
      return now.slice(0, at) + now.slice(at + length);
    case 1:
      return now.slice(0, at + length) + now.slice(at);
    case 2:
      return now.slice(0, at) + word() + now.slice(at);
    case 3:
      return now.slice(0, at) + word() + now.slice(at + length);
    case 4:
      return now.slice(0, at) + String.fromCharCode(random.integer(0x180)) + now.slice(at + 1);
    case 5:
      return swappedLines(now, random);
    case 6:
      return changedNumber(now, random);
    default: {
      const from = random.integer(now.length + 1);
      return now.slice(0, at) + now.slice(from, from + length) + now.slice(at);
    }
  }
}

function swappedLines(text: string, random: Random): string {
  const lines = text.split('\n');
  const [a, b] = [random.integer(lines.length), random.integer(lines.length)];
  const held = lines[a] ?? '';
  lines[a] = lines[b] ?? '';
  lines[b] = random.integer(3) === 0 ? `  ${held}` : held;
  return lines.join('\n');
}

const sharpNumbers = [
  '0',
  '-1',
  '1e999',
  '-0',
  '0.5',
  '1e-320',
  '4294967296',
  '18446744073709551616',
];

function changedNumber(text: string, random: Random): string {
  const found = [...text.matchAll(/\d+(?:\.\d+)?/g)];
  const one = found[random.integer(Math.max(1, found.length))];
  if (one === undefined) return text;
  const number = sharpNumbers[random.integer(sharpNumbers.length)] ?? '';
  return text.slice(0, one.index) + number + text.slice(one.index + one[0].length);
}
