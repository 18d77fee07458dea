/**
 * Cursors: where the last page ended, as the sort key of its last row. A cursor is signed, belongs
 * to one list with one set of filters, and keeps the time range that the first page resolved.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { Fault } from '@fieldloop/core';
import { maxCursorLength } from '../limits.ts';

export interface Page<T> {
  readonly items: readonly T[];
  /** Absent on the last page. */
  readonly nextCursor?: string;
}

export interface Cursors {
  /** `list` names the operation and its filters. */
  encode(list: string, position: readonly string[]): string;
  /** The position inside `text`. Fault `invalid` for a cursor of another list or of nobody. */
  decode(list: string, text: string): readonly string[];
}

const macBytes = 12;

export function openCursors(key: string): Cursors {
  const mac = (list: string, body: string): Buffer =>
    createHmac('sha256', key).update(`${list}\n${body}`).digest().subarray(0, macBytes);
  return {
    encode(list, position) {
      const body = Buffer.from(JSON.stringify(position)).toString('base64url');
      return `${mac(list, body).toString('base64url')}${body}`;
    },
    decode(list, text) {
      const macLength = (macBytes * 4) / 3;
      const body = text.slice(macLength);
      const given = Buffer.from(text.slice(0, macLength), 'base64url');
      const fits = given.length === macBytes && text.length <= maxCursorLength;
      if (!fits || !timingSafeEqual(given, mac(list, body))) {
        throw new Fault('invalid', 'the cursor does not belong to this list', {
          place: '/query/cursor',
          remedy: 'Use nextCursor of a page unchanged and with the same filters, or leave it out.',
        });
      }
      return JSON.parse(Buffer.from(body, 'base64url').toString('utf8')) as string[];
    },
  };
}

/** One page out of `limit + 1` rows: the one too many tells that there is a next page. */
export function pageOf<Row, Item>(
  rows: readonly Row[],
  limit: number,
  map: { readonly item: (row: Row) => Item; readonly cursor: (last: Row) => string },
): Page<Item> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.map(map.item),
    ...(rows.length > limit && last !== undefined ? { nextCursor: map.cursor(last) } : {}),
  };
}
