import { crc32 as update } from 'node:zlib';

/** CRC-32 (IEEE 802.3) as MCAP uses it; `before` continues a running value. */
export function crc32(bytes: Uint8Array, before = 0): number {
  return update(bytes, before);
}
