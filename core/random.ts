/** Chance as a port: the same seed gives the same draws on every machine. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** Uniform integer in [0, below). */
  integer(below: number): number;
  /** Standard normal (Box & Muller 1958). */
  normal(): number;
  /** An independent stream named by `label`; drawing from it does not move this one. */
  fork(label: string): Random;
}

/** sfc32 by Chris Doty-Humphrey (PractRand), seeded through FNV-1a of the seed's text. */
export function seededRandom(seed: number | string): Random {
  const text = String(seed);
  let a = fnv1a(`${text}/a`);
  let b = fnv1a(`${text}/b`);
  let c = fnv1a(`${text}/c`);
  let counter = 1;
  const u32 = (): number => {
    const t = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + t;
    c |= 0;
    return t >>> 0;
  };
  for (let i = 0; i < 12; i += 1) u32();
  const next = (): number => u32() / 4_294_967_296;
  return {
    next,
    integer: (below) => Math.floor(next() * below),
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
    fork: (label) => seededRandom(`${text}/${label}`),
  };
}

/** `length` bytes of noise, four of each draw: what neither compresses nor repeats. */
export function drawBytes(random: Random, length: number): Uint8Array {
  const words = new Uint32Array(Math.ceil(length / 4));
  for (let at = 0; at < words.length; at += 1) words[at] = random.integer(2 ** 32);
  return new Uint8Array(words.buffer, 0, length);
}

function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return hash | 0;
}
