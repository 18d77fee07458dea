/** Rows of releases and of what people said of them. */
import { canonicalJson, Fault, type Json } from '@fieldloop/core';
import { releaseApprovalMs } from '../release-limits.ts';
import type { Role } from '../auth/rights.ts';
import type { Db, Row } from '../store/db.ts';
import { putOutbox } from '../store/outbox.ts';
import type { OutboxKind } from '../store/outbox-kinds.ts';
import { findRelease } from '../store/release-ref.ts';
import { manifestDigest, type ReleaseManifest } from './manifest.ts';
import {
  demandWay,
  evidenceDigest,
  isApproved,
  type Release,
  type ReleaseState,
  releaseName,
  releaseStates,
  type Vote,
} from './release.ts';

export interface NewRelease {
  readonly id: string;
  readonly manifest: ReleaseManifest;
  readonly author: string;
  readonly authorPerson?: string | undefined;
  readonly at: number;
}

export interface Moment {
  readonly at: number;
  readonly reason?: string | undefined;
}

type ReleaseKind = Extract<OutboxKind, `release.${string}`>;

const told: Readonly<Record<ReleaseState, ReleaseKind>> = {
  candidate: 'release.created',
  evaluated: 'release.evaluated',
  approved: 'release.approved',
  released: 'release.released',
  withdrawn: 'release.withdrawn',
  rejected: 'release.rejected',
};

export const releaseStore = (db: Db) => ({
  async create(made: NewRelease): Promise<Release> {
    const { id, manifest, author, at } = made;
    const evidence = canonicalJson(manifest.evidence);
    await db
      .insertInto('release')
      .values({
        id,
        name: manifest.name,
        semver: manifest.version,
        digest: manifestDigest(manifest),
        manifest: canonicalJson(manifest),
        state: 'candidate',
        evidence,
        author,
        author_person: made.authorPerson ?? null,
        created_at: at,
        updated_at: at,
        version: 1,
      })
      .execute();
    const release = await this.get(id);
    await tell(db, release, { at });
    return release;
  },

  /** By id, digest or `name@version`. Fault `not_found` with what to do. */
  async get(ref: string): Promise<Release> {
    const found = await findRelease(db, ref);
    if (found !== undefined) {
      const row = await db
        .selectFrom('release')
        .selectAll()
        .where('id', '=', found.id)
        .executeTakeFirstOrThrow();
      return releaseFromRow(row);
    }
    throw new Fault('not_found', `there is no release "${ref.slice(0, 96)}"`, {
      remedy: 'List them with `fieldloop releases list`.',
    });
  },

  async votes(release: Pick<Release, 'id' | 'digest'>): Promise<readonly Vote[]> {
    const rows = await db
      .selectFrom('release_vote')
      .selectAll()
      .where('release_id', '=', release.id)
      .where('digest', '=', release.digest)
      .orderBy('person')
      .execute();
    return rows.map((row) => ({
      person: row.person,
      choice: row.choice === 'approve' ? 'approve' : 'reject',
      role: row.role as Role,
      reason: row.reason,
      evidenceDigest: row.evidence_digest,
      at: Number(row.at),
    }));
  },

  /** What speaks for it. Other evidence than before voids what was approved by it. */
  async evaluate(
    release: Release,
    evidence: Readonly<Record<string, Json>>,
    at: number,
  ): Promise<Release> {
    const merged = { ...release.evidence, ...evidence };
    const isSame = canonicalJson(merged) === canonicalJson(release.evidence);
    if (isSame && release.state !== 'candidate') return release;
    if (release.state !== 'evaluated') demandWay(release, 'evaluated');
    return await move(db, release, {
      at,
      state: 'evaluated',
      set: { evidence: canonicalJson(merged), approved_at: null },
    });
  },

  /**
   * One person's word on the evidence that they saw, by default that of now. The second approval
   * makes it approved; one rejection ends it.
   */
  async vote(
    release: Release,
    vote: Omit<Vote, 'evidenceDigest'> & Partial<Pick<Vote, 'evidenceDigest'>>,
  ): Promise<Release> {
    const { person, choice, role, reason, at } = vote;
    if (release.state !== 'evaluated') {
      demandWay(release, choice === 'approve' ? 'approved' : 'rejected');
    }
    const seen = vote.evidenceDigest ?? evidenceDigest(release.evidence);
    const values = { choice, role, reason, evidence_digest: seen, at };
    await db
      .insertInto('release_vote')
      .values({ release_id: release.id, digest: release.digest, person, ...values })
      .onConflict((conflict) =>
        conflict.columns(['release_id', 'digest', 'person']).doUpdateSet(values),
      )
      .execute();
    if (choice === 'reject') return await this.reject(release, { at, reason });
    const votes = await this.votes(release);
    if (!isApproved(votes, release)) return release;
    return await move(db, release, { at, state: 'approved', set: { approved_at: at } });
  },

  async reject(release: Release, { at, reason }: Moment): Promise<Release> {
    demandWay(release, 'rejected');
    return await move(db, release, {
      at,
      reason,
      state: 'rejected',
      set: { reason: reason ?? null },
    });
  },

  /** Robots may have it from now on. Fault `conflict` when its approval is too old. */
  async release(release: Release, { at }: Moment): Promise<Release> {
    demandWay(release, 'released');
    if ((release.approvedAt ?? 0) + releaseApprovalMs < at) {
      throw new Fault('conflict', `the approval of ${releaseName(release)} is over`, {
        place: '/state',
        remedy: 'Have it approved anew: fieldloop releases approve.',
      });
    }
    return await move(db, release, { at, state: 'released', set: { released_at: at } });
  },

  async withdraw(release: Release, { at, reason }: Moment): Promise<Release> {
    demandWay(release, 'withdrawn');
    return await move(db, release, {
      at,
      reason,
      state: 'withdrawn',
      set: { reason: reason ?? null },
    });
  },
});

async function move(
  db: Db,
  release: Release,
  to: Moment & {
    readonly state: ReleaseState;
    readonly set: {
      readonly evidence?: string;
      readonly reason?: string | null;
      readonly approved_at?: number | null;
      readonly released_at?: number;
    };
  },
): Promise<Release> {
  const { at, state, set } = to;
  const done = await db
    .updateTable('release')
    .set({ ...set, state, updated_at: at, version: release.version + 1 })
    .where('id', '=', release.id)
    .where('version', '=', BigInt(release.version))
    .executeTakeFirst();
  if (done.numUpdatedRows !== 1n) {
    throw new Fault('conflict', `${release.id} was changed meanwhile`, { remedy: 'Try again.' });
  }
  const changed = await releaseStore(db).get(release.id);
  await tell(db, changed, to);
  return changed;
}

async function tell(db: Db, release: Release, { at, reason }: Moment): Promise<void> {
  const { id, name, semver, digest, state } = release;
  const body = { name, version: semver, digest, ...(reason === undefined ? {} : { reason }) };
  await putOutbox(db, { kind: told[state], subject: id, at, body });
}

export function releaseFromRow(row: Row<'release'>): Release {
  const state = releaseStates.find((one) => one === row.state);
  if (state === undefined) throw new TypeError(`a release is "${row.state}"`);
  return {
    id: row.id,
    name: row.name,
    semver: row.semver,
    digest: row.digest,
    manifest: JSON.parse(row.manifest) as ReleaseManifest,
    state,
    evidence: JSON.parse(row.evidence) as Readonly<Record<string, Json>>,
    author: row.author,
    ...(row.author_person === null ? {} : { authorPerson: row.author_person }),
    ...(row.reason === null ? {} : { reason: row.reason }),
    ...(row.approved_at === null ? {} : { approvedAt: Number(row.approved_at) }),
    ...(row.released_at === null ? {} : { releasedAt: Number(row.released_at) }),
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
    version: Number(row.version),
  };
}
