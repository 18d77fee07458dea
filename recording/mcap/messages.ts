/** The hot loop: consecutive message records into columns, without an object per message. */
import { type Columns, exactNs } from '../columns.ts';
import { messageHead, opcode, recordHead } from './format.ts';

/**
 * Takes message records from `at` as long as they are whole, their channel is known and their
 * times fit the base. Returns where it stopped; the caller looks at what stands there. `most` is
 * the count at which a block is full.
 */
export function takeMessages(
  columns: Columns,
  from: { readonly bytes: Uint8Array; readonly view: DataView; readonly end: number },
  at: number,
  rules: { readonly known: Uint8Array; readonly most: number },
): number {
  const { bytes, view, end } = from;
  const { known, most } = rules;
  const { baseHigh, baseLow } = columns;
  let { channelIds, sequences, starts, ends, timesNs, capacity } = columns;
  let { count, least, most: latest } = columns;
  let here = at;
  while (here + 31 <= end && bytes[here] === opcode.message && count < most) {
    const length = view.getUint32(here + 1, true);
    const next = here + recordHead + length;
    if (view.getUint32(here + 5, true) !== 0 || length < messageHead || next > end) break;
    const channel = view.getUint16(here + 9, true);
    if (known[channel] === 0) break;
    const time =
      (view.getUint32(here + 19, true) - baseHigh) * 4_294_967_296 +
      (view.getUint32(here + 15, true) - baseLow);
    if (!(time < exactNs && time > -exactNs)) break;
    if (count === capacity) {
      columns.grow();
      ({ channelIds, sequences, starts, ends, timesNs, capacity } = columns);
    }
    channelIds[count] = channel;
    sequences[count] = view.getUint32(here + 11, true);
    starts[count] = here + recordHead + messageHead;
    ends[count] = next;
    timesNs[count] = time;
    if (time < least) least = time;
    if (time > latest) latest = time;
    count += 1;
    here = next;
  }
  columns.count = count;
  columns.least = least;
  columns.most = latest;
  return here;
}
