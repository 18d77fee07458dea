/** Releases: their life, who may approve, and what a digest binds. Pure. */
import { canonicalJson, Fault, type Json, sha256Hex } from '@fieldloop/core';
import type { Role } from '../auth/rights.ts';
import { artifactsOf, type ReleaseManifest } from './manifest.ts';

export { isInRange, type ReleaseManifest } from './manifest.ts';

export const artifactKinds = [
  'onnx',
  'document',
  'golden',
  'calibration',
  'rules',
  'sim',
  'other',
] as const;
export type ArtifactKind = (typeof artifactKinds)[number];

export const releaseStates = [
  'candidate',
  'evaluated',
  'approved',
  'released',
  'withdrawn',
  'rejected',
] as const;
export type ReleaseState = (typeof releaseStates)[number];

export interface Release {
  readonly id: string;
  readonly name: string;
  readonly semver: string;
  readonly digest: string;
  readonly manifest: ReleaseManifest;
  readonly state: ReleaseState;
  /** What speaks for it, by name: `evaluation`, `forecast`, … */
  readonly evidence: Readonly<Record<string, Json>>;
  readonly author: string;
  readonly authorPerson?: string;
  readonly reason?: string;
  readonly approvedAt?: number;
  readonly releasedAt?: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly version: number;
}

export interface Vote {
  readonly person: string;
  readonly choice: 'approve' | 'reject';
  readonly role: Role;
  readonly reason: string;
  /** Of the evidence that they saw. */
  readonly evidenceDigest: string;
  readonly at: number;
}

const ways: Readonly<Record<ReleaseState, readonly ReleaseState[]>> = {
  candidate: ['evaluated', 'rejected', 'withdrawn'],
  evaluated: ['approved', 'rejected', 'withdrawn'],
  approved: ['released', 'evaluated', 'rejected', 'withdrawn'],
  released: ['withdrawn'],
  withdrawn: [],
  rejected: [],
};

/** Fault `conflict` unless a release may go there from where it is. */
export function demandWay(release: Pick<Release, 'id' | 'state'>, to: ReleaseState): void {
  if (ways[release.state].includes(to)) return;
  const next = ways[release.state];
  throw new Fault('conflict', `${release.id} is ${release.state} and cannot become ${to}`, {
    place: '/state',
    remedy:
      next.length === 0
        ? 'This is final: add a release under a new version.'
        : `From ${release.state} it goes to ${next.join(', ')}.`,
  });
}

/** What approvals are bound to beside the digest of the release. */
export const evidenceDigest = (evidence: Readonly<Record<string, Json>>): string =>
  sha256Hex(canonicalJson(evidence));

/** Persons that an approval takes. */
export const approvers = 2;

/**
 * Whether these votes approve: two persons, the author none of them, one a release manager, all of
 * the evidence as it is now.
 */
export function isApproved(
  votes: readonly Vote[],
  release: Pick<Release, 'evidence' | 'authorPerson' | 'author'>,
): boolean {
  const seen = evidenceDigest(release.evidence);
  const held = votes.filter(
    ({ choice, person, evidenceDigest: of }) =>
      choice === 'approve' &&
      of === seen &&
      person !== release.authorPerson &&
      person !== release.author,
  );
  const persons = new Set(held.map(({ person }) => person));
  return persons.size >= approvers && held.some(({ role }) => mayRelease(role));
}

export const mayRelease = (role: Role): boolean => role === 'release_manager' || role === 'admin';

/** Fault `forbidden` unless this person may vote on it. */
export function demandVoter(
  release: Pick<Release, 'author' | 'authorPerson'>,
  voter: { readonly id: string; readonly userId?: string | undefined; readonly role?: Role },
): string {
  if (voter.userId === undefined || voter.role === undefined) {
    throw new Fault('forbidden', 'only a person who is logged in approves or rejects a release', {
      remedy: 'Log in with your own account: fieldloop login. A key that stands for nobody cannot.',
    });
  }
  const isOwn = voter.userId === release.authorPerson || voter.id === release.author;
  if (!isOwn) return voter.userId;
  throw new Fault('forbidden', 'nobody approves their own release', {
    remedy: 'Ask two other persons, one of them a release manager.',
  });
}

/** `name@version` */
export const releaseName = (of: Pick<Release, 'name' | 'semver'>): string =>
  `${of.name}@${of.semver}`;

/** Bytes that a robot fetches for it. */
export const artifactBytes = (manifest: ReleaseManifest): number =>
  artifactsOf(manifest).reduce((sum, { size }) => sum + size, 0);
