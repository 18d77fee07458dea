/** Items of a version with the values of their labels, clip by clip. */
import type { Json } from '@fieldloop/core';
import type { SnapshotItem, Split } from '@fieldloop/learning';
import { labelBodies } from '../store/dataset-ref.ts';
import type { BundleDeps } from './bundle.ts';
import type { DatasetVersion } from './dataset.ts';
import { itemsOf } from './lines.ts';

export interface LabelledItem extends SnapshotItem {
  readonly body: Json;
}

/** All items of one clip together, in the order of clips. */
export async function* labelledClips(
  deps: BundleDeps,
  version: DatasetVersion,
  wanted: { readonly splits: readonly Split[]; readonly types: readonly string[] },
): AsyncGenerator<readonly LabelledItem[], void> {
  let open: SnapshotItem[] = [];
  for await (const item of itemsOf(deps.bytes, version.itemsSha256)) {
    if (!wanted.splits.includes(item.split) || !wanted.types.includes(item.type)) continue;
    if (open[0] !== undefined && open[0].clip !== item.clip) {
      yield await withBodies(deps, open);
      open = [];
    }
    deps.signal?.throwIfAborted();
    open.push(item);
  }
  if (open.length > 0) yield await withBodies(deps, open);
}

async function withBodies(
  { read }: BundleDeps,
  items: readonly SnapshotItem[],
): Promise<readonly LabelledItem[]> {
  const ids = items.map(({ label }) => label);
  const bodies = new Map<string, string>();
  for (let from = 0; from < ids.length; from += 500) {
    for (const [id, body] of await labelBodies(read, ids.slice(from, from + 500))) {
      bodies.set(id, body);
    }
  }
  return items.map((item) => ({
    ...item,
    body: JSON.parse(bodies.get(item.label) ?? 'null') as Json,
  }));
}
