/** A data set: which labels belong to it, how they are split, and what its versions must meet. */
import { Fault } from '@fieldloop/core';
import type { GateRules, SnapshotManifest, SplitRule } from '@fieldloop/learning';

export interface Selection {
  /** Name of the ontology: labels of its older versions count where their class is still there. */
  readonly ontology: string;
  /** All when absent. */
  readonly types?: readonly string[];
  readonly topics?: readonly string[];
}

export interface DatasetSettings {
  readonly selection: Selection;
  readonly splitRule: SplitRule;
  readonly gates: GateRules;
  readonly licences: readonly string[];
}

export interface Dataset {
  readonly id: string;
  readonly name: string;
  readonly description?: string;
  readonly settings: DatasetSettings;
  readonly createdBy: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly version: number;
}

export const versionStates = ['draft', 'ready', 'rejected'] as const;
export type VersionState = (typeof versionStates)[number];

/** From best to worst. */
export const gateOutcomes = ['pass', 'warn', 'inconclusive', 'fail'] as const;
export type GateOutcome = (typeof gateOutcomes)[number];

export interface GateResult {
  readonly gate: string;
  readonly outcome: GateOutcome;
  /** Why, with its figures. */
  readonly reason: string;
  readonly remedy?: string;
  /** The first of what is wrong: ids. */
  readonly offenders?: readonly string[];
}

export interface DatasetVersion {
  /** SHA-256 of the manifest. */
  readonly id: string;
  readonly datasetId: string;
  readonly dataset: string;
  readonly n: number;
  readonly parent?: string;
  readonly state: VersionState;
  readonly manifest: SnapshotManifest;
  readonly manifestText: string;
  readonly itemsSha256: string;
  readonly itemsBytes: number;
  readonly asOf: number;
  readonly batches?: readonly string[];
  readonly gates: readonly GateResult[];
  readonly outcome: GateOutcome;
  readonly reason?: string;
  readonly decidedBy?: string;
  readonly decidedAt?: number;
  readonly createdBy: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly version: number;
}

export interface DatasetTag {
  readonly id: string;
  readonly datasetId: string;
  readonly name: string;
  readonly versionId: string;
  readonly createdBy: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly version: number;
}

export const usualBuckets = { test: 1500, calibration: 1000 } as const;

export const usualGates: GateRules = {
  unresolved: 0,
  alpha: { fail: 0.667, warn: 0.8 },
  classMinimum: 10,
  leakCosine: 0.98,
  onLeak: 'drop',
  bytes: 'hashed',
  privacy: ['clear', 'redacted', 'unstated'],
  residency: null,
  testMinimum: 100,
};

export const worstOf = (gates: readonly GateResult[]): GateOutcome =>
  gates.reduce<GateOutcome>(
    (worst, { outcome }) =>
      gateOutcomes.indexOf(outcome) > gateOutcomes.indexOf(worst) ? outcome : worst,
    'pass',
  );

export type Decision = 'ready' | 'rejected';

/**
 * A draft is decided on once, and what is ready may be rejected later. What a gate fails is
 * published with a reason alone. Fault `conflict`, and `invalid` without the reason.
 */
export function demandDecidable(
  version: Pick<DatasetVersion, 'id' | 'state' | 'outcome' | 'gates'>,
  decision: Decision,
  reason: string | undefined,
): void {
  const { id, state } = version;
  if (state === 'rejected' || (state === 'ready' && decision === 'ready')) {
    throw new Fault('conflict', `the version ${id.slice(0, 12)} is ${state} already`, {
      remedy: 'Build another version; decisions are not taken back.',
    });
  }
  const isClean = version.outcome === 'pass' || version.outcome === 'warn';
  if (reason !== undefined || (decision === 'ready' && isClean)) return;
  const red = version.gates.filter(
    ({ outcome }) => outcome === 'fail' || outcome === 'inconclusive',
  );
  const why = red.map(({ gate, reason: says }) => `${gate}: ${says}`).join('; ');
  throw new Fault('invalid', decision === 'ready' ? `gates are red: ${why}` : 'a no needs a why', {
    place: '/body/reason',
    remedy: 'Give a reason; it stays with the version.',
  });
}

export function unknownDataset(name: string): Fault {
  return new Fault('not_found', `there is no data set "${name.slice(0, 64)}"`, {
    remedy: 'List them with `fieldloop datasets list`.',
  });
}

export function unknownVersion(id: string): Fault {
  return new Fault('not_found', `there is no dataset version "${id.slice(0, 64)}"`, {
    remedy: 'List them with `fieldloop datasets versions NAME`.',
  });
}
