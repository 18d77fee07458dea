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
  /** SHA-256 of the rules in canonical JSON. */
  readonly digest: string;
}

export function redactionPolicy(rules: readonly RedactionRule[]): RedactionPolicy {
  return { rules, digest: sha256Hex(canonicalJson(rules)) };
}
