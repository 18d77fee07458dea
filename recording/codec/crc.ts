/**
 * CRC-32 (IEEE 802.3) as MCAP uses it, through @node-rs/crc32, which sums three times as many bytes
 * a second as node:zlib, or through that where the native module is missing.
 */
import { crc32 as nodeCrc32 } from 'node:zlib';

/** `before` continues a running value. */
export type Crc32 = (bytes: Uint8Array, before?: number) => number;

async function loadCrc32(): Promise<Crc32> {
  try {
    return (await import('@node-rs/crc32')).default.crc32;
  } catch {
    return nodeCrc32;
  }
}

const ofMany = await loadCrc32();
/** Fewer bytes than a call of the native module is worth. */
const few = 512;

export const crc32: Crc32 = (bytes, before = 0) =>
  bytes.length < few ? nodeCrc32(bytes, before) : ofMany(bytes, before);

/** The polynomial with its bits reversed. */
const polynomial = 0xedb8_8320;
const highest = 0x8000_0000;

/**
 * The checksum of two stretches from that of each, without their bytes: the first is moved on by
 * x^(8 * length) in GF(2)[x] modulo the polynomial (Mark Adler's crc32_combine in zlib).
 */
export function joinCrc32(first: number, second: number, secondLength: number): number {
  return (times(powerOfX(secondLength), first) ^ second) >>> 0;
}

/** Product of two polynomials modulo the CRC's. */
function times(a: number, b: number): number {
  let product = 0;
  let factor = b;
  for (let bit = highest; bit !== 0; bit >>>= 1) {
    if ((a & bit) !== 0) product ^= factor;
    factor = (factor & 1) === 0 ? factor >>> 1 : (factor >>> 1) ^ polynomial;
  }
  return product >>> 0;
}

/** squares[k] = x^(2^k). */
const squares: readonly number[] = Array.from({ length: 32 }).reduce<number[]>((known) => {
  const last = known.at(-1);
  return [...known, last === undefined ? 0x4000_0000 : times(last, last)];
}, []);

function powerOfX(bytes: number): number {
  let power = highest;
  // x^8 is the square of index 3.
  for (let left = bytes, k = 3; left > 0; left = Math.floor(left / 2), k += 1) {
    if (left % 2 === 1) power = times(squares[k % 32] ?? 0, power);
  }
  return power;
}
