/** Which labels are items of a version, in which order and split, and what is left out and why. */
import { Fault } from '@fieldloop/core';
import {
  compareOrder,
  type GateRules,
  groupOf,
  type Split,
  splitOf,
  type SplitRule,
} from '@fieldloop/learning';
import { maxVersionItems } from '../dataset-limits.ts';
import { type LabelPlace, type LabelQuery, labelsOf } from '../store/dataset-ref.ts';
import type { Db } from '../store/db.ts';

export interface Placed extends LabelPlace {
  readonly group: string;
  readonly split: Split;
}

/** Everything that a version is a function of, beside the labels. */
export interface BuildInputs {
  readonly dataset: string;
  readonly parent: string | null;
  readonly query: LabelQuery;
  readonly ontology: { readonly sha256: string; readonly classes: readonly string[] };
  readonly splitRule: SplitRule;
  readonly gates: GateRules;
  readonly licences: readonly string[];
  /** Groups. */
  readonly heldOut: readonly string[];
}

export interface Gathered {
  /** In the order of their lines. */
  readonly items: readonly Placed[];
  readonly leftOut: Readonly<Record<string, number>>;
}

/** Fault `limited` for too many. */
export async function gather(
  read: Db,
  inputs: BuildInputs,
  signal: AbortSignal,
): Promise<Gathered> {
  const leftOut: Record<string, number> = {};
  const leave = (reason: string): void => void (leftOut[reason] = (leftOut[reason] ?? 0) + 1);
  const items: Placed[] = [];
  const heldOut = new Set(inputs.heldOut);
  const classes = new Set(inputs.ontology.classes);
  const once = interned();
  for await (const page of labelsOf(read, inputs.query)) {
    signal.throwIfAborted();
    for (const label of page) {
      const { lane, deviceId: device, sessionId: session, site } = label;
      const group = once(groupOf(inputs.splitRule, { device, session, site, lane }));
      const split = splitOf(inputs.splitRule, { lane, group }, heldOut);
      if (label.class !== undefined && !classes.has(label.class)) leave('class_not_in_ontology');
      else if (split === undefined) leave('chosen_in_test_group');
      else items.push({ ...shared(label, once), group, split });
    }
    if (items.length > maxVersionItems) throw tooMany();
  }
  items.sort((a, b) => compareOrder(orderOf(a), orderOf(b)) || (a.id < b.id ? -1 : 1));
  return { items: newestOnly(items, leave), leftOut };
}

const orderOf = ({ clipSha256, startNs, sha256 }: Placed) => ({
  clipSha256,
  startNs,
  labelSha256: sha256,
});

const tooMany = (): Fault =>
  new Fault('limited', `more than ${maxVersionItems} labels match`, {
    remedy: 'Narrow the data set: selection.topics, selection.types, or batches.',
  });

/** One text for equal texts: a hundred thousand items of a few drives stay small. */
function interned(): (text: string) => string {
  const known = new Map<string, string>();
  return (text) => {
    const found = known.get(text);
    if (found !== undefined) return found;
    known.set(text, text);
    return text;
  };
}

const shared = (label: LabelPlace, once: (text: string) => string): LabelPlace => ({
  ...label,
  clipId: once(label.clipId),
  clipSha256: once(label.clipSha256),
  topic: once(label.topic),
  type: once(label.type),
  class: label.class === undefined ? undefined : once(label.class),
  deviceId: once(label.deviceId),
  sessionId: once(label.sessionId),
  site: label.site === undefined ? undefined : once(label.site),
});

/** Of several labels of one moment, topic and type the one that was resolved last. */
function newestOnly(items: readonly Placed[], leave: (reason: string) => void): readonly Placed[] {
  const kept: Placed[] = [];
  for (let from = 0; from < items.length; ) {
    const first = items[from];
    let to = from + 1;
    while (to < items.length && isSameStart(first, items[to])) to += 1;
    const moment = items.slice(from, to);
    for (const item of moment) {
      const later = moment.some((other) => isSamePlace(item, other) && isLater(other, item));
      if (later) leave('labelled_again');
      else kept.push(item);
    }
    from = to;
  }
  return kept;
}

const isSameStart = (a: Placed | undefined, b: Placed | undefined): boolean =>
  a?.clipSha256 === b?.clipSha256 && a?.startNs === b?.startNs;

const isSamePlace = (a: Placed, b: Placed): boolean =>
  a.endNs === b.endNs && a.topic === b.topic && a.type === b.type;

const isLater = (a: Placed, b: Placed): boolean =>
  a.createdAt === b.createdAt ? a.id > b.id : a.createdAt > b.createdAt;
