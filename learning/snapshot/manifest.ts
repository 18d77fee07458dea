/** The document whose hash is a dataset version's id. It holds no wall clock. */
import { canonicalJson, type Json, sha256Hex } from '@fieldloop/core';
import type { Split, SplitRule } from './split.ts';

export const manifestSchema = 'fieldloop.dataset/v1';

/** The rules by which items are made of labels. Another way of making them is another number. */
export const snapshotCode = 'snapshot/1';

export interface GateRules {
  /** Tasks of the version's ontology that may be open. */
  readonly unresolved: number;
  /** Krippendorff's alpha: below the first it fails, below the second it warns. */
  readonly alpha: { readonly fail: number; readonly warn: number };
  /** Items of each class in train. */
  readonly classMinimum: number;
  /** Items across splits whose embeddings have this cosine are the same; null: not looked for. */
  readonly leakCosine: number | null;
  /** `drop`: such an item outside of test is left out; `fail`: the gate fails. */
  readonly onLeak: 'drop' | 'fail';
  /** `hashed`: every clip's bytes are read and compared with their hash. */
  readonly bytes: 'present' | 'hashed';
  readonly privacy: readonly string[];
  /** Null: anywhere. */
  readonly residency: readonly string[] | null;
  readonly testMinimum: number;
}

export interface SnapshotManifest {
  readonly schema: typeof manifestSchema;
  readonly dataset: string;
  readonly parent: string | null;
  /** Which labels were taken; null: all. */
  readonly selection: {
    readonly ontology: string;
    readonly types: readonly string[] | null;
    readonly topics: readonly string[] | null;
    readonly batches: readonly string[] | null;
  };
  readonly itemsSha256: string;
  readonly counts: {
    readonly items: number;
    readonly clips: number;
    readonly bytes: number;
    readonly splits: Readonly<Record<Split, number>>;
    readonly classes: Readonly<Record<string, number>>;
    readonly lanes: Readonly<Record<string, number>>;
    /** By reason. */
    readonly leftOut: Readonly<Record<string, number>>;
  };
  /** Its newest version then: the classes of the whole version. */
  readonly ontologySha256: string;
  readonly splitRule: SplitRule;
  /** Groups that regression cases held out, in the order of their text. */
  readonly heldOut: readonly string[];
  readonly gates: GateRules;
  readonly licences: readonly string[];
  readonly residency: readonly string[];
  readonly code: string;
}

export const manifestText = (manifest: SnapshotManifest): string =>
  canonicalJson(manifest as unknown as Json);

/** Lower-case hex SHA-256 of the manifest. */
export const versionIdOf = (manifest: SnapshotManifest): string =>
  sha256Hex(manifestText(manifest));
