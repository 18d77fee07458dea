import type { Clock } from './clock.ts';

/** Fresh bytes from the system's generator, or from a seed in tests. */
export type RandomBytes = (length: number) => Uint8Array;

/** Names for new things. */
export interface Ids {
  /** 16 bytes of a UUIDv7 (RFC 9562): ordered by creation time. */
  uuid(): Uint8Array;
  /**
   * `clp_` + ULID: 48-bit time, 80 random bits, Crockford base 32. Those of one source sort in the
   * order in which they were made, also within a millisecond and when the clock steps back.
   */
  ulid(prefix: string): string;
}

const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

export function openIds(deps: { readonly clock: Clock; readonly randomBytes: RandomBytes }): Ids {
  let last = 0n;
  return {
    uuid() {
      const bytes = deps.randomBytes(16);
      const view = new DataView(bytes.buffer, bytes.byteOffset, 16);
      const ms = deps.clock.now();
      view.setUint16(0, Math.floor(ms / 2 ** 32));
      view.setUint32(2, ms % 2 ** 32);
      view.setUint8(6, 0x70 | (view.getUint8(6) & 0x0f));
      view.setUint8(8, 0x80 | (view.getUint8(8) & 0x3f));
      return bytes;
    },
    ulid(prefix) {
      const chance = (bytes: number): bigint =>
        deps.randomBytes(bytes).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
      const ms = BigInt(deps.clock.now());
      last = ms > last >> 80n ? (ms << 80n) | chance(10) : last + 1n + chance(4);
      let value = last;
      let text = '';
      for (let i = 0; i < 26; i += 1) {
        text = `${crockford[Number(value & 31n)]}${text}`;
        value >>= 5n;
      }
      return `${prefix}_${text}`;
    },
  };
}

/** The 36-character text of 16 bytes. */
export function uuidText(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString('hex');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-');
}

/** The 16 bytes of a UUID's text, or undefined when it is not one. */
export function uuidBytes(text: string): Uint8Array | undefined {
  const hex = text.replaceAll('-', '');
  return /^[0-9a-fA-F]{32}$/.test(hex) ? new Uint8Array(Buffer.from(hex, 'hex')) : undefined;
}
