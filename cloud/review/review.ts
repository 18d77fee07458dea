/**
 * Compliance reviews: what is asked for (its scope, by hash), what the policy says of it rule by
 * rule, and what a grant opens for how long. Pure.
 */
import { canonicalJson, Fault, sha256Hex } from '@fieldloop/core';

export const reviewKinds = ['export', 'cross_region_read', 'remote_support', 'pull'] as const;
export type ReviewKind = (typeof reviewKinds)[number];

export const reviewStates = [
  'requested',
  'waiting',
  'granted',
  'denied',
  'expired',
  'granted_and_ended',
  'revoked',
  'failed_closed',
  'aborted',
] as const;
export type ReviewState = (typeof reviewStates)[number];

export const endedReviews: readonly ReviewState[] = [
  'denied',
  'expired',
  'granted_and_ended',
  'revoked',
  'failed_closed',
  'aborted',
];

export const effects = ['allow', 'needs_approval', 'deny'] as const;
export type PolicyEffect = (typeof effects)[number];

/** One rule with the clause of the contract or law that it comes from. */
export interface PolicyRule {
  readonly id: string;
  readonly clause: string;
  readonly on: readonly ReviewKind[];
  /** Names of regions; `*`: any region. Absent: whatever the region, and none. */
  readonly regions?: readonly string[] | undefined;
  /** Globs; it speaks of a request that has one such topic, or all topics. */
  readonly topics?: readonly string[] | undefined;
  /** Only for who does not work in every region of the request. */
  readonly outside?: boolean | undefined;
  /** Only for more items than this. */
  readonly moreThan?: number | undefined;
  readonly effect: PolicyEffect;
}

export interface PolicyDocument {
  readonly rules: readonly PolicyRule[];
  /** For what no rule speaks of. */
  readonly otherwise: PolicyEffect;
}

/** The policy of a cloud that was given none: everything is as its rights say. */
export const openPolicy: PolicyDocument = { rules: [], otherwise: 'allow' };

export const policyDigest = (document: PolicyDocument): string =>
  sha256Hex(canonicalJson(JSON.parse(JSON.stringify(document)) as never));

export interface ScopeItem {
  /** A clip or a device. */
  readonly id: string;
  /** Of a clip's bytes. */
  readonly sha256?: string;
  /** Where it was recorded; null: in no region. */
  readonly region: string | null;
}

/** What is asked for, as it is hashed: items in the order of their ids. */
export interface ReviewScope {
  readonly kind: ReviewKind;
  readonly items: readonly ScopeItem[];
  readonly count: number;
  readonly regions: readonly string[];
  /** Exact names; null: all of them. */
  readonly topics: readonly string[] | null;
}

export function scopeOf(
  kind: ReviewKind,
  items: readonly ScopeItem[],
  topics: readonly string[] | null,
): ReviewScope {
  const sorted = items.toSorted((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  const regions = [...new Set(items.flatMap(({ region }) => (region === null ? [] : [region])))];
  return {
    kind,
    items: sorted,
    count: sorted.length,
    regions: regions.toSorted(),
    topics: topics === null ? null : [...new Set(topics)].toSorted(),
  };
}

export const scopeDigest = (scope: ReviewScope): string =>
  sha256Hex(canonicalJson(JSON.parse(JSON.stringify(scope)) as never));

export interface Finding {
  readonly rule: string;
  readonly clause: string;
  readonly effect: PolicyEffect;
  /** What of the request it speaks of, for people. */
  readonly why: string;
}

export interface Judgement {
  readonly effect: PolicyEffect;
  readonly findings: readonly Finding[];
}

type Asked = Omit<ReviewScope, 'items'>;

/**
 * Every rule that speaks of the request, and the strictest of what they say: one that denies beats
 * one that wants approval, and that one beats one that allows.
 */
export function judge(
  policy: PolicyDocument,
  scope: Asked,
  requesterRegions: readonly string[],
): Judgement {
  const findings = policy.rules.flatMap((rule): Finding[] => {
    const why = speaksOf(rule, scope, requesterRegions);
    if (why === undefined) return [];
    return [{ rule: rule.id, clause: rule.clause, effect: rule.effect, why }];
  });
  const said = findings.map(({ effect }) => effect);
  const strictest = said.includes('deny')
    ? 'deny'
    : said.includes('needs_approval')
      ? 'needs_approval'
      : 'allow';
  return { effect: findings.length === 0 ? policy.otherwise : strictest, findings };
}

function speaksOf(rule: PolicyRule, scope: Asked, own: readonly string[]): string | undefined {
  if (!rule.on.includes(scope.kind)) return undefined;
  const why: string[] = [scope.kind];
  if (rule.regions !== undefined) {
    const named = scope.regions.filter(
      (region) => rule.regions?.includes('*') === true || rule.regions?.includes(region) === true,
    );
    if (named.length === 0) return undefined;
    why.push(`of ${named.join(', ')}`);
  }
  if (rule.topics !== undefined) {
    const globs = rule.topics;
    const found = scope.topics?.filter((topic) => globs.some((glob) => fits(glob, topic)));
    if (found?.length === 0) return undefined;
    why.push(found === undefined ? 'with all topics' : `with ${found.slice(0, 5).join(', ')}`);
  }
  if (rule.outside === true) {
    const foreign = scope.regions.filter((region) => !own.includes(region));
    if (foreign.length === 0) return undefined;
    why.push(`by somebody who does not work in ${foreign.join(', ')}`);
  }
  if (rule.moreThan !== undefined) {
    if (scope.count <= rule.moreThan) return undefined;
    why.push(`of ${scope.count} items`);
  }
  return why.join(' ');
}

/** `*` stands for any characters; everything else for itself. */
function fits(glob: string, text: string): boolean {
  const parts = glob.split('*').map((part) => part.replaceAll(/[.+?^${}()|[\]\\/]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's').test(text);
}

export type GrantState = 'pending' | 'active' | 'revoked';

export interface Grant {
  readonly id: string;
  readonly review: string;
  readonly kind: ReviewKind;
  readonly state: GrantState;
  readonly grantee: string;
  readonly granteePerson?: string;
  readonly scopeSha256: string;
  readonly subject?: string;
  readonly leaseMs: number;
  readonly activatedAt?: number;
  readonly expiresAt?: number;
  readonly revokedAt?: number;
  readonly revokedBy?: string;
}

/** A grant opens while its row says so and its lease runs; without a row everything is closed. */
export const isOpen = (
  grant: Pick<Grant, 'state' | 'expiresAt'> | undefined,
  now: number,
): boolean => grant?.state === 'active' && grant.expiresAt !== undefined && now < grant.expiresAt;

export interface Review {
  readonly id: string;
  readonly kind: ReviewKind;
  readonly state: ReviewState;
  readonly rationale: string;
  readonly requester: string;
  readonly requesterPerson?: string;
  readonly scope: ReviewScope;
  readonly scopeSha256: string;
  readonly policyVersion?: number;
  readonly policySha256?: string;
  readonly effect?: PolicyEffect;
  readonly findings: readonly Finding[];
  readonly approvers: readonly string[];
  readonly leaseMs: number;
  readonly subject?: string;
  readonly run?: string;
  readonly reason?: string;
  readonly endedAt?: number;
  readonly createdBy: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly version: number;
}

/** `dayMs` later for each working day, in UTC: Saturdays and Sundays do not count. */
export function workingTime(from: number, days: number): number {
  const dayMs = 86_400_000;
  let at = from;
  for (let left = days; left > 0; ) {
    at += dayMs;
    const day = new Date(at).getUTCDay();
    if (day !== 0 && day !== 6) left -= 1;
  }
  return at - from;
}

/** Fault `forbidden` with each clause. */
export function deniedBy({ findings }: Judgement, what: string): Fault {
  const clauses = findings
    .filter(({ effect }) => effect === 'deny')
    .map(({ rule, clause }) => `${rule} (${clause})`);
  return new Fault('forbidden', `${what} is denied by ${clauses.join(', ') || 'the policy'}`, {
    remedy: 'Ask for less: leave out the regions or topics that the clauses name.',
  });
}
