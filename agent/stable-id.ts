import { createHash } from 'node:crypto';

/**
 * A UUID of version 8 (RFC 9562): the same parts give the same id, so that reading a recording
 * again after a crash names the same session and the same clips, and nothing is kept twice. The
 * first 48 bits are Unix milliseconds, which sorts ids by the time of what they name.
 */
export function stableUuid(unixMs: number, parts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:${part}`);
  const bytes = hash.digest().subarray(0, 16);
  bytes.writeUIntBE(Math.min(Math.max(0, Math.floor(unixMs)), 2 ** 48 - 1), 0, 6);
  bytes[6] = 0x80 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  const hex = bytes.toString('hex');
  const cuts = [0, 8, 12, 16, 20, 32];
  return cuts
    .slice(1)
    .map((end, i) => hex.slice(cuts[i], end))
    .join('-');
}
