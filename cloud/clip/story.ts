/** What is known around a clip: margins, markers, and where it came from and went to. */
import type { Severity } from '@fieldloop/proto';
import type { Clip } from './clip.ts';

/** A marker on the clip's timeline that is not one of the verdicts in its manifest. */
export interface ClipMark {
  readonly id: string;
  readonly kind: 'event' | 'marker';
  readonly name: string;
  readonly severity: Severity;
  readonly atNs: bigint;
  readonly endNs: bigint;
  readonly label?: string;
  readonly text?: string;
  readonly rule?: string;
  readonly margin?: number;
  /** The person or key that set it; absent for the robot's own. */
  readonly by?: string;
}

export interface RuleDigest {
  readonly ruleSet: string;
  readonly version: number;
  readonly digest: string;
}

export interface Lineage {
  readonly device: string;
  readonly session: string;
  /** The rule sets whose verdicts are inside, and where the registry published them. */
  readonly rules: readonly (RuleDigest & { readonly publications: readonly string[] })[];
  readonly failures: readonly string[];
  readonly exports: readonly string[];
  /** Commands that asked for it. */
  readonly commands: readonly string[];
}

/** The versions of rule sets that spoke in a clip, each once. */
export function rulesOf({ manifest }: Pick<Clip, 'manifest'>): readonly RuleDigest[] {
  const found = new Map<string, RuleDigest>();
  for (const { ruleSet, version, ruleSetDigest } of manifest.markers) {
    found.set(`${ruleSet} ${version} ${ruleSetDigest}`, {
      ruleSet,
      version,
      digest: ruleSetDigest,
    });
  }
  return [...found.values()];
}

/** The margins that the robot's events tell, by rule and moment: `near-miss 1717…`. */
export function marginsOf(marks: readonly ClipMark[]): ReadonlyMap<string, number> {
  const margins = new Map<string, number>();
  for (const { rule, atNs, margin } of marks) {
    if (rule === undefined || margin === undefined) continue;
    const name = rule.replace(/@\d+$/, '');
    margins.set(`${name} ${atNs}`, margin);
  }
  return margins;
}
