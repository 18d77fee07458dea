/** How far people agreed on what a version is made of: on its own tasks, as they stand now. */
import { seededRandom } from '@fieldloop/core';
import type { GateRules } from '@fieldloop/learning';
import type { BlobStore } from '../blob/blob.ts';
import { agreementReadRows } from '../annotation-limits.ts';
import { agreementOfLabels, type LabelAgreement } from '../store/agreement.ts';
import type { Db } from '../store/db.ts';
import { itemsOf } from './lines.ts';

/** By the lines of its items, page after page; the draws of its intervals are seeded by them. */
export async function agreedOn(
  deps: { readonly read: Db; readonly bytes: BlobStore; readonly signal: AbortSignal },
  version: {
    readonly itemsSha256: string;
    readonly classes: readonly string[];
    readonly bounds: GateRules['alpha'];
  },
): Promise<LabelAgreement> {
  const { itemsSha256, classes, bounds } = version;
  const random = seededRandom(`agreement ${itemsSha256}`);
  return await agreementOfLabels(deps.read, labelPages(deps, itemsSha256), {
    classes,
    bounds,
    random,
  });
}

async function* labelPages(
  { bytes, signal }: { readonly bytes: BlobStore; readonly signal: AbortSignal },
  itemsSha256: string,
): AsyncGenerator<readonly string[], void> {
  let page: string[] = [];
  for await (const { label } of itemsOf(bytes, itemsSha256)) {
    page.push(label);
    if (page.length < agreementReadRows) continue;
    signal.throwIfAborted();
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}
