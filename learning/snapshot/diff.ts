/**
 * What one dataset version has that another has not. Both come in their order, so that each is read
 * once and neither is held; an item is the same when moment, topic and kind of label are.
 */
import { compareOrder, orderOf, type SnapshotItem } from './item.ts';

export type DiffKind = 'added' | 'removed' | 'relabelled' | 'moved' | 'same';

export interface DiffEntry {
  readonly kind: DiffKind;
  readonly before?: SnapshotItem;
  readonly after?: SnapshotItem;
}

type Items = AsyncIterable<SnapshotItem>;

/** One entry a moment, in order. What was relabelled and moved as well is `moved`. */
export async function* diffItems(before: Items, after: Items): AsyncGenerator<DiffEntry, void> {
  const [olds, news] = [moments(before), moments(after)];
  let [old, fresh] = [await olds.next(), await news.next()];
  while (old.done !== true || fresh.done !== true) {
    const order =
      old.done === true ? 1 : fresh.done === true ? -1 : compare(old.value, fresh.value);
    const oldItems = order <= 0 && old.done !== true ? old.value.items : [];
    const newItems = order >= 0 && fresh.done !== true ? fresh.value.items : [];
    yield* paired(oldItems, newItems);
    if (order <= 0) old = await olds.next();
    if (order >= 0) fresh = await news.next();
  }
}

interface Moment {
  readonly clipSha256: string;
  readonly startNs: bigint;
  readonly items: SnapshotItem[];
}

const compare = (a: Moment, b: Moment): number =>
  compareOrder({ ...a, labelSha256: '' }, { ...b, labelSha256: '' });

/** The items of one start in one clip together: a handful. */
async function* moments(items: Items): AsyncGenerator<Moment, void> {
  let open: Moment | undefined;
  for await (const item of items) {
    const { clipSha256, startNs } = orderOf(item);
    if (open !== undefined && open.clipSha256 === clipSha256 && open.startNs === startNs) {
      open.items.push(item);
      continue;
    }
    if (open !== undefined) yield open;
    open = { clipSha256, startNs, items: [item] };
  }
  if (open !== undefined) yield open;
}

const keyOf = ({ range, topic, type }: SnapshotItem): string => `${range.endNs} ${type} ${topic}`;

function* paired(
  before: readonly SnapshotItem[],
  after: readonly SnapshotItem[],
): Generator<DiffEntry, void> {
  const olds = new Map(before.map((item) => [keyOf(item), item]));
  for (const item of after) {
    const old = olds.get(keyOf(item));
    if (old === undefined) yield { kind: 'added', after: item };
    else yield { kind: changeOf(old, item), before: old, after: item };
    olds.delete(keyOf(item));
  }
  for (const item of olds.values()) yield { kind: 'removed', before: item };
}

function changeOf(before: SnapshotItem, after: SnapshotItem): DiffKind {
  if (before.split !== after.split) return 'moved';
  return before.labelSha256 === after.labelSha256 ? 'same' : 'relabelled';
}

export interface DiffCounts {
  readonly added: number;
  readonly removed: number;
  readonly relabelled: number;
  readonly moved: number;
  readonly same: number;
}

export const noDiff: DiffCounts = { added: 0, removed: 0, relabelled: 0, moved: 0, same: 0 };

export interface DiffSummary {
  readonly total: DiffCounts;
  /** By the class after, or before where it was removed. */
  readonly classes: Readonly<Record<string, DiffCounts>>;
  readonly splits: Readonly<Record<string, DiffCounts>>;
  readonly sites: Readonly<Record<string, DiffCounts>>;
}

/** Counts of a walk, for the whole and by class, split and site. */
export async function diffSummary(entries: AsyncIterable<DiffEntry>): Promise<DiffSummary> {
  let total = noDiff;
  const classes: Record<string, DiffCounts> = {};
  const splits: Record<string, DiffCounts> = {};
  const sites: Record<string, DiffCounts> = {};
  for await (const { kind, before, after } of entries) {
    const item = after ?? before;
    if (item === undefined) continue;
    const more = (counts: DiffCounts = noDiff): DiffCounts => ({
      ...counts,
      [kind]: counts[kind] + 1,
    });
    total = more(total);
    const name = item.class ?? item.type;
    classes[name] = more(classes[name]);
    splits[item.split] = more(splits[item.split]);
    if (item.site !== undefined) sites[item.site] = more(sites[item.site]);
  }
  return { total, classes, splits, sites };
}
