/** What must not leave the robot as it is: patterns of topics and transforms, first that fits. */
import { canonicalJson, sha256Hex } from '@fieldloop/core';

export type RedactionRule = { readonly topic: string } & (
  | { readonly transform: 'drop' }
  /** The whole image, or what a detector of the configuration finds on it. */
  | { readonly transform: 'blur'; readonly model?: string | undefined }
  | {
      readonly transform: 'coarse-position';
      readonly decimals: number;
      /** Paths of latitude and longitude. */
      readonly fields: readonly [string, string];
    }
);

export interface RedactionPolicy {
  readonly rules: readonly RedactionRule[];
  /** Embeddings of frames of these topics go into clips. */
  readonly keepsEmbeddings: boolean;
  /** SHA-256 of all this in canonical JSON. */
  readonly digest: string;
}

export function redactionPolicy(
  rules: readonly RedactionRule[],
  keepsEmbeddings = false,
): RedactionPolicy {
  const told = keepsEmbeddings ? { rules, keepsEmbeddings } : rules;
  return { rules, keepsEmbeddings, digest: sha256Hex(canonicalJson(told)) };
}
