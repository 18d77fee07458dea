/** What came of what: the chain from a clip to the decision of a rollout, from any of its links. */
import { Fault } from '@fieldloop/core';

/** In the order of the chain. */
export const nodeKinds = [
  'clip',
  'failure',
  'unit',
  'choice',
  'task',
  'label',
  'dataset_version',
  'training',
  'model_version',
  'evaluation',
  'release',
  'rollout',
  'rollout_decision',
] as const;
export type NodeKind = (typeof nodeKinds)[number];

/** `gone`: its bytes were erased or evicted, and what it was stays known. */
export type CheckState = 'ok' | 'mismatch' | 'gone' | 'unchecked';

export interface LineageNode {
  readonly kind: NodeKind;
  readonly id: string;
  /** In a few words. */
  readonly title: string;
  /** What it is by its content, where it has that. */
  readonly sha256?: string | undefined;
  readonly at?: number | undefined;
  /** Neighbours that are not shown. */
  more: number;
  check: CheckState;
  why?: string;
}

/** From what was there first to what came of it. */
export interface LineageEdge {
  readonly from: string;
  readonly to: string;
}

const prefixes: Readonly<Record<string, NodeKind>> = {
  clp: 'clip',
  flr: 'failure',
  unt: 'unit',
  chc: 'choice',
  tsk: 'task',
  lbl: 'label',
  trn: 'training',
  mdv: 'model_version',
  evl: 'evaluation',
  rel: 'release',
  rol: 'rollout',
};

/** Fault `invalid` for an id of something that is no link of the chain. */
export function kindOfId(id: string): NodeKind {
  if (/^[0-9a-f]{12,64}$/.test(id)) return 'dataset_version';
  if (/^rol_\w+\.\d+$/.test(id)) return 'rollout_decision';
  const kind = prefixes[id.split('_')[0] ?? ''];
  if (kind !== undefined) return kind;
  throw new Fault('invalid', `"${id.slice(0, 64)}" is no link of a lineage`, {
    place: '/path/id',
    remedy: `Give an id that begins with ${Object.keys(prefixes).join('_, ')}_, or a version’s hash.`,
  });
}

export const unknownLink = (id: string): Fault =>
  new Fault('not_found', `there is nothing with the id "${id.slice(0, 80)}"`, {
    remedy: 'Copy the id from a list, such as `fieldloop failures list`.',
  });

/** The n-th decision of a rollout, as an id. */
export const decisionId = (rollout: string, seq: bigint): string => `${rollout}.${seq}`;

export function decisionOf(id: string): { readonly rollout: string; readonly seq: bigint } {
  const [rollout = '', seq = '0'] = id.split('.');
  return { rollout, seq: BigInt(seq) };
}

export const rankOf = ({ kind }: Pick<LineageNode, 'kind'>): number => nodeKinds.indexOf(kind);
