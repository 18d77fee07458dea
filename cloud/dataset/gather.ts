/** Which labels are items of a version, in which order and split, and what is left out and why. */
import { Fault } from '@fieldloop/core';
import { type GateRules, groupOf, splitOf, type SplitRule } from '@fieldloop/learning';
import { maxVersionItems } from '../dataset-limits.ts';
import { type LabelQuery, labelsOf } from '../store/dataset-ref.ts';
import type { Db } from '../store/db.ts';
import { openLabelOrder, type Placed } from './order.ts';

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
  const order = openLabelOrder();
  const heldOut = new Set(inputs.heldOut);
  const classes = new Set(inputs.ontology.classes);
  for await (const page of labelsOf(read, inputs.query)) {
    signal.throwIfAborted();
    for (const label of page) {
      const { lane, deviceId: device, sessionId: session, site } = label;
      const group = groupOf(inputs.splitRule, { device, session, site, lane });
      const split = splitOf(inputs.splitRule, { lane, group }, heldOut);
      if (label.class !== undefined && !classes.has(label.class)) leave('class_not_in_ontology');
      else if (split === undefined) leave('chosen_in_test_group');
      else order.add(label, { group, split });
    }
    if (order.count() > maxVersionItems) throw tooMany();
  }
  return { items: order.done(() => leave('labelled_again')), leftOut };
}

const tooMany = (): Fault =>
  new Fault('limited', `more than ${maxVersionItems} labels match`, {
    remedy: 'Narrow the data set: selection.topics, selection.types, or batches.',
  });
