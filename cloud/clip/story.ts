/** What is known around a clip: margins, and where it came from and went to. */
import type { Clip } from './clip.ts';

/** What an event at the clip's time says of a verdict. */
export interface ClipMark {
  readonly atNs: bigint;
  /** `near-miss@3` */
  readonly rule?: string;
  readonly margin?: number;
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
  /** The clip that its robot cut it out of. */
  readonly derivedFrom?: string;
  readonly derived: readonly string[];
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
