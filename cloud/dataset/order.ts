/**
 * Labels on their way into the order of their lines, in columns: of a hundred thousand there are a
 * few megabytes, whatever else a label says.
 */
import type { Split } from '@fieldloop/learning';
import type { LabelPlace } from '../store/dataset-ref.ts';

/** Where a label goes; the rest of it is read again when its line is written. */
export interface Placed {
  readonly id: string;
  readonly group: string;
  readonly split: Split;
}

const hashBytes = 32;

export interface LabelOrder {
  count(): number;
  add(label: LabelPlace, of: { readonly group: string; readonly split: Split }): void;
  /**
   * By clip, start and label, hashes by their hex digits. Of several labels of one moment, topic
   * and type the one that was resolved last; `leave` is told of each of the others.
   */
  done(leave: () => void): readonly Placed[];
}

export function openLabelOrder(): LabelOrder {
  const placed: Placed[] = [];
  const clips = numbered();
  const kinds = numbered();
  const known = numbered();
  let columns = columnsOf(1024);
  const compare = (a: number, b: number): number =>
    number(columns.clip, a) - number(columns.clip, b) ||
    compareBig(columns.start, a, b) ||
    compareHashes(columns.sha256, a, b) ||
    (idOf(a) < idOf(b) ? -1 : 1);
  const idOf = (i: number): string => placed[i]?.id ?? '';
  const isSameStart = (a: number, b: number): boolean =>
    columns.clip[a] === columns.clip[b] && columns.start[a] === columns.start[b];
  const isSamePlace = (a: number, b: number): boolean =>
    columns.end[a] === columns.end[b] && columns.kind[a] === columns.kind[b];
  const isLater = (a: number, b: number): boolean =>
    (number(columns.created, a) - number(columns.created, b) || (idOf(a) > idOf(b) ? 1 : -1)) > 0;
  return {
    count: () => placed.length,
    add(label, { group, split }) {
      const i = placed.length;
      if (i === columns.clip.length) columns = grown(columns);
      placed.push({ id: label.id, group: known.text(group), split });
      columns.clip[i] = clips.number(label.clipSha256);
      columns.start[i] = label.startNs;
      columns.end[i] = label.endNs;
      columns.kind[i] = kinds.number(`${label.topic}\u0000${label.type}`);
      columns.created[i] = label.createdAt;
      columns.sha256.set(Buffer.from(label.sha256, 'hex'), i * hashBytes);
    },
    done(leave) {
      const rank = clips.ranks();
      for (let i = 0; i < placed.length; i += 1)
        columns.clip[i] = rank[number(columns.clip, i)] ?? 0;
      const order = Uint32Array.from(placed.keys()).sort(compare);
      const kept: Placed[] = [];
      for (let from = 0; from < order.length; ) {
        const first = number(order, from);
        let to = from + 1;
        while (to < order.length && isSameStart(first, number(order, to))) to += 1;
        const moment = order.subarray(from, to);
        for (const one of moment) {
          const item = placed[one];
          if (moment.some((other) => isSamePlace(one, other) && isLater(other, one))) leave();
          else if (item !== undefined) kept.push(item);
        }
        from = to;
      }
      return kept;
    },
  };
}

const columnsOf = (room: number) => ({
  clip: new Int32Array(room),
  kind: new Int32Array(room),
  start: new BigInt64Array(room),
  end: new BigInt64Array(room),
  created: new Float64Array(room),
  sha256: new Uint8Array(room * hashBytes),
});

type Columns = ReturnType<typeof columnsOf>;

/** With twice the room. */
function grown(old: Columns): Columns {
  const columns = columnsOf(old.clip.length * 2);
  columns.clip.set(old.clip);
  columns.kind.set(old.kind);
  columns.start.set(old.start);
  columns.end.set(old.end);
  columns.created.set(old.created);
  columns.sha256.set(old.sha256);
  return columns;
}

const number = (values: Int32Array | Uint32Array | Float64Array, i: number): number =>
  values[i] as number;

function compareBig(values: BigInt64Array, a: number, b: number): number {
  const [x, y] = [values[a] as bigint, values[b] as bigint];
  return x === y ? 0 : x < y ? -1 : 1;
}

function compareHashes(values: Uint8Array, a: number, b: number): number {
  for (let d = 0; d < hashBytes; d += 1) {
    const apart = (values[a * hashBytes + d] as number) - (values[b * hashBytes + d] as number);
    if (apart !== 0) return apart;
  }
  return 0;
}

/** Texts by number, equal ones once: a hundred thousand items of a few drives stay small. */
function numbered() {
  const texts: string[] = [];
  const numbers = new Map<string, number>();
  const number = (text: string): number => {
    const found = numbers.get(text);
    if (found !== undefined) return found;
    numbers.set(text, texts.length);
    return texts.push(text) - 1;
  };
  return {
    number,
    text: (text: string): string => texts[number(text)] ?? text,
    /** The place of each among all, in their order. */
    ranks(): Int32Array {
      const order = [...texts.keys()].toSorted((a, b) =>
        (texts[a] ?? '') < (texts[b] ?? '') ? -1 : 1,
      );
      const ranks = new Int32Array(texts.length);
      for (const [rank, i] of order.entries()) ranks[i] = rank;
      return ranks;
    },
  };
}
