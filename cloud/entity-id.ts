/**
 * Ids of entities: prefix + ULID. Things that a robot named by UUID keep those 128 bits, so that
 * the same thing told twice has the same id.
 */
import { Fault, uuidBytes, uuidText } from '@fieldloop/core';

export type IdPrefix = 'dev' | 'clp' | 'evt' | 'ses' | 'tok' | 'key' | 'cmd';

const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** `clp_01J…` of the 36-character text or the 16 bytes of a UUID. */
export function idOfUuid(prefix: IdPrefix, uuid: string | Uint8Array): string {
  const bytes = typeof uuid === 'string' ? uuidBytes(uuid) : uuid;
  if (bytes?.length !== 16) {
    throw new Fault('invalid', `"${String(uuid).slice(0, 40)}" is not a UUID`, {
      remedy: 'Ids that cross the wire are 16 bytes of a UUID.',
    });
  }
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  let text = '';
  for (let i = 0; i < 26; i += 1) {
    text = `${crockford[Number(value & 31n)]}${text}`;
    value >>= 5n;
  }
  return `${prefix}_${text}`;
}

/** The UUID whose bits an id holds. Fault `invalid` for a text that is no id. */
export function uuidOfId(id: string): string {
  const text = /^[a-z]+_([0-7][0-9A-HJKMNP-TV-Z]{25})$/.exec(id)?.[1];
  if (text === undefined) {
    throw new Fault('invalid', `"${id.slice(0, 40)}" is not an id`, {
      remedy: 'An id is a short word, an underscore and 26 digits and letters.',
    });
  }
  let value = 0n;
  for (const digit of text) value = (value << 5n) | BigInt(crockford.indexOf(digit));
  const bytes = new Uint8Array(16);
  for (let i = 15; i >= 0; i -= 1) {
    bytes[i] = Number(value & 255n);
    value >>= 8n;
  }
  return uuidText(bytes);
}
