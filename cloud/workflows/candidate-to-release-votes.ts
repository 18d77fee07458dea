/**
 * What people said at the approval's gate becomes the release's own votes, which count persons
 * themselves and hold for the evidence that was seen.
 */
import { Fault } from '@fieldloop/core';
import { roles, type Role } from '../auth/rights.ts';
import { releaseName, type ReleaseState } from '../release/release.ts';
import { releaseStore } from '../release/store.ts';
import type { Db } from '../store/db.ts';

export interface GateVotes {
  readonly release: string;
  readonly run: string;
  readonly by: readonly string[];
  readonly reason: string;
}

/**
 * The state that the release has then: one that somebody ended meanwhile stays as it is. Fault
 * `conflict` when its evidence is another one than they signed.
 */
export async function putGateVotes(
  trx: Db,
  of: GateVotes,
  at: number,
): Promise<{ readonly state: ReleaseState }> {
  const releases = releaseStore(trx);
  const over: readonly ReleaseState[] = ['approved', 'released', 'withdrawn', 'rejected'];
  for (const person of of.by) {
    const release = await releases.get(of.release);
    if (over.includes(release.state)) break;
    const { role, evidenceDigest } = await saidBy(trx, of.run, person);
    const vote = { person, choice: 'approve', role, reason: of.reason, at } as const;
    await releases.vote(release, { ...vote, evidenceDigest });
  }
  const release = await releases.get(of.release);
  if (over.includes(release.state)) return { state: release.state };
  throw new Fault('conflict', `${releaseName(release)} is not approved by these votes`, {
    remedy: 'Its evidence changed since they signed: abort the run, and begin it anew.',
  });
}

/** What the person was when they voted, and the release's evidence that the gate showed them. */
async function saidBy(
  trx: Db,
  run: string,
  person: string,
): Promise<{ readonly role: Role; readonly evidenceDigest: string }> {
  const row = await trx
    .selectFrom('vote')
    .innerJoin('gate', 'gate.id', 'vote.gate_id')
    .innerJoin('evidence', 'evidence.gate_id', 'gate.id')
    .select(['vote.role', 'evidence.digest'])
    .where('gate.run_id', '=', run)
    .where('gate.kind', '=', 'approval')
    .where('vote.person', '=', person)
    .where('evidence.name', '=', 'release')
    .orderBy('vote.at', 'desc')
    .executeTakeFirst();
  return {
    role: roles.find((role) => role === row?.role) ?? 'viewer',
    evidenceDigest: row?.digest ?? '',
  };
}
