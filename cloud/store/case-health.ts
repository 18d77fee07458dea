/** Whether a robot's own reports say that it is well again. Pure. */
import { canonicalJson, type Json } from '@fieldloop/core';
import { caseSilentMs } from '../care-limits.ts';
import { type ConfigState, sectionConfig } from '../device/config-state.ts';

export interface ReportFacts {
  readonly section: string;
  readonly digest: string;
  readonly document: Json;
  readonly at: number;
}

export interface HealthFacts {
  readonly deviceState: string;
  readonly online: boolean;
  readonly lastSeenAt?: number | undefined;
  /** The case holds good news only from here on: when somebody took it. */
  readonly since: number;
  readonly desired: readonly {
    readonly section: string;
    readonly generation: number;
    readonly digest: string;
    readonly document: Json;
    readonly updatedAt: number;
  }[];
  readonly reported: readonly ReportFacts[];
  readonly wanted: Readonly<Record<string, string>>;
}

export interface Health {
  readonly healthy: boolean;
  /** What is missing, for people; empty when it is healthy. */
  readonly missing: readonly string[];
  /** Digest of what was judged: the same reports give the same one. */
  readonly digests: Readonly<Record<string, string>>;
}

/**
 * Whether the robot's own report says that it is well: it is there, and each section runs what it
 * should. A report of the old digest is refused however often it comes.
 */
export function healthOf(facts: HealthFacts, now: number): Health {
  const missing: string[] = [];
  const seen = facts.lastSeenAt ?? 0;
  if (facts.deviceState !== 'active') missing.push(`the device is ${facts.deviceState}`);
  if (!facts.online || seen + caseSilentMs < now) missing.push('the robot is not connected');
  if (seen < facts.since) missing.push('the robot has not reported since the case was taken');
  const reported = new Map(facts.reported.map((one) => [one.section, one]));
  for (const [section, digest] of Object.entries(facts.wanted)) {
    const has = reported.get(section);
    if (has === undefined || !runs(has, digest)) {
      missing.push(`${section} does not run ${digest.slice(0, 12)}`);
    }
  }
  for (const desired of facts.desired) {
    if (facts.wanted[desired.section] !== undefined) continue;
    const has = reported.get(desired.section);
    const state: ConfigState = sectionConfig(desired.section, desired, has).state;
    if (state !== 'in_sync') missing.push(`${desired.section} is ${state}`);
  }
  const digests = Object.fromEntries(
    facts.reported.map(({ section, digest }) => [section, digest]),
  );
  return { healthy: missing.length === 0, missing, digests };
}

/** Whether a report names this digest as what runs: at its top, or anywhere under `running`. */
function runs({ digest, document }: ReportFacts, wanted: string): boolean {
  if (digest === wanted) return true;
  const running = isObject(document) ? document['running'] : undefined;
  return running !== undefined && canonicalJson(running).includes(`"${wanted}"`);
}

const isObject = (value: Json): value is { readonly [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
