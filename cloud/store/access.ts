/**
 * Whether a read is open: the policy allows it as it is, or a grant for it is active. A policy that
 * cannot be judged, a grant that is not there, pending, over or revoked: closed.
 */
import { Fault } from '@fieldloop/core';
import {
  deniedBy,
  type Grant,
  type GrantState,
  isOpen,
  judge,
  type Judgement,
  openPolicy,
  type PolicyDocument,
  type ReviewKind,
  type ReviewScope,
  scopeOf,
} from '../review/review.ts';
import type { Db, Row } from './db.ts';
import { sql } from './kysely.ts';
import { regionsOfDevices, regionsOfPerson } from './regions.ts';

export interface Policy {
  /** 0: nobody gave one. */
  readonly version: number;
  readonly sha256: string;
  readonly document: PolicyDocument;
}

export async function policyInForce(db: Db): Promise<Policy> {
  const row = await db
    .selectFrom('compliance_policy')
    .selectAll()
    .orderBy('version', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (row === undefined) return { version: 0, sha256: '', document: openPolicy };
  const document = JSON.parse(row.document) as PolicyDocument;
  return { version: Number(row.version), sha256: row.sha256, document };
}

/** Who asks: the caller, and the person behind it. */
export interface Asker {
  readonly id: string;
  readonly userId?: string | undefined;
}

/** The person behind a caller's id; a key that stands for nobody has none. */
export async function personBehind(db: Db, callerId: string): Promise<string | undefined> {
  if (callerId.startsWith('usr_')) return callerId;
  const row = await db
    .selectFrom('api_key')
    .select('person_id')
    .where('id', '=', callerId)
    .executeTakeFirst();
  return row?.person_id ?? undefined;
}

/** Clips with the regions in which they were recorded; clips that are not there are left out. */
export async function clipScope(
  db: Db,
  wanted: {
    readonly kind: ReviewKind;
    readonly clips: readonly string[];
    readonly topics: readonly string[] | null;
  },
): Promise<ReviewScope> {
  const rows: { id: string; sha256: string; device_id: string }[] = [];
  for (let from = 0; from < wanted.clips.length; from += 500) {
    rows.push(
      ...(await db
        .selectFrom('clip')
        .select(['id', 'sha256', 'device_id'])
        .where('id', 'in', wanted.clips.slice(from, from + 500))
        .execute()),
    );
  }
  const regions = await regionsOfDevices(db, [...new Set(rows.map((row) => row.device_id))]);
  const items = rows.map(({ id, sha256, device_id }) => ({
    id,
    sha256,
    region: regions.get(device_id) ?? null,
  }));
  return scopeOf(wanted.kind, items, wanted.topics);
}

export async function deviceScope(db: Db, deviceId: string): Promise<ReviewScope> {
  const regions = await regionsOfDevices(db, [deviceId]);
  return scopeOf('remote_support', [{ id: deviceId, region: regions.get(deviceId) ?? null }], null);
}

export async function judgeFor(
  db: Db,
  scope: Omit<ReviewScope, 'items'>,
  asker: Asker | undefined,
): Promise<Judgement & { readonly policy: Policy }> {
  const policy = await policyInForce(db);
  if (policy.version === 0) return { effect: 'allow', findings: [], policy };
  const person = asker?.userId ?? (asker && (await personBehind(db, asker.id)));
  const own = person === undefined ? [] : await regionsOfPerson(db, person);
  return { ...judge(policy.document, scope, own), policy };
}

export interface Opened {
  /** The grant that opens it; absent: the policy allows it as it is. */
  readonly grant?: Grant;
}

const closed = (what: string, review: string | undefined): Fault =>
  new Fault('forbidden', `${what} is closed: no active grant opens it`, {
    ...(review === undefined ? {} : { details: { review } }),
    remedy:
      review === undefined
        ? 'Ask for a review: fieldloop reviews request --help.'
        : `Look at its review: fieldloop reviews show ${review}.`,
  });

/** An export's file and manifest. Fault `forbidden` while it is closed. */
export async function demandExportOpen(db: Db, exportId: string, now: number): Promise<Opened> {
  const grant = await grantOf(db, exportId);
  if (grant !== undefined) {
    if (isOpen(grant, now)) return { grant };
    throw closed(`the export ${exportId}`, grant.review);
  }
  // Made without a review: open for as long as the policy, as it is now, says so.
  const policy = await policyInForce(db);
  if (policy.version === 0) return {};
  const scope = await exportScope(db, exportId);
  const asker = { id: scope.createdBy };
  const judged = await judgeFor(db, scope, asker);
  if (judged.effect === 'allow') return {};
  if (judged.effect === 'deny') throw deniedBy(judged, `the export ${exportId}`);
  throw closed(`the export ${exportId}`, undefined);
}

async function exportScope(db: Db, exportId: string) {
  const made = await db
    .selectFrom('clip_export')
    .select(['topics', 'created_by', 'clip_count'])
    .where('id', '=', exportId)
    .executeTakeFirst();
  const devices = await db
    .selectFrom('clip_export_item')
    .innerJoin('clip', 'clip.id', 'clip_export_item.clip_id')
    .select('clip.device_id')
    .distinct()
    .where('clip_export_item.export_id', '=', exportId)
    .orderBy('clip.device_id')
    .execute();
  const regions = await regionsOfDevices(
    db,
    devices.map((row) => row.device_id),
  );
  return {
    kind: 'export' as const,
    count: Number(made?.clip_count ?? 0n),
    regions: [...new Set(regions.values())].toSorted(),
    topics: made?.topics == null ? null : (JSON.parse(made.topics) as string[]),
    createdBy: made?.created_by ?? 'nobody',
  };
}

/**
 * The bytes of clips, for who asks. Fault `forbidden` when the policy closes one of them and no
 * grant of the asker opens it.
 */
export async function demandClipsOpen(
  db: Db,
  asked: {
    readonly kind: Extract<ReviewKind, 'cross_region_read' | 'pull'>;
    readonly clips: readonly string[];
    readonly topics?: readonly string[] | undefined;
    readonly asker: Asker | undefined;
  },
  now: number,
): Promise<Opened> {
  if ((await policyInForce(db)).version === 0) return {};
  const { kind, clips, asker } = asked;
  const scope = await clipScope(db, { kind, clips, topics: asked.topics ?? null });
  const judged = await judgeFor(db, scope, asker);
  if (judged.effect === 'allow') return {};
  const what = clips.length === 1 ? `the clip ${clips[0]}` : `${clips.length} clips`;
  if (judged.effect === 'deny') throw deniedBy(judged, what);
  let opened: Grant | undefined;
  for (const item of clips) {
    opened = await activeGrantFor(db, { kind, item, asker, now });
    if (opened === undefined) throw closed(what, undefined);
  }
  return opened === undefined ? {} : { grant: opened };
}

async function activeGrantFor(
  db: Db,
  of: {
    readonly kind: ReviewKind;
    readonly item: string;
    readonly asker: Asker | undefined;
    readonly now: number;
  },
): Promise<Grant | undefined> {
  const { asker } = of;
  if (asker === undefined) return undefined;
  const rows = await db
    .selectFrom('grant_item')
    .innerJoin('access_grant', 'access_grant.id', 'grant_item.grant_id')
    .selectAll('access_grant')
    .where('grant_item.item', '=', of.item)
    .where('access_grant.kind', '=', of.kind)
    .where('access_grant.state', '=', 'active')
    .where('access_grant.expires_at', '>', BigInt(of.now))
    .orderBy('access_grant.id')
    .execute();
  return rows.map(grantOfRow).find((grant) => isGrantee(grant, asker));
}

const isGrantee = (grant: Grant, asker: Asker): boolean =>
  grant.grantee === asker.id ||
  (grant.granteePerson !== undefined && grant.granteePerson === asker.userId);

/** The grant under which an export was built. */
export async function grantOf(db: Db, exportId: string): Promise<Grant | undefined> {
  const row = await db
    .selectFrom('access_grant')
    .selectAll()
    .where('subject', '=', exportId)
    .orderBy('id')
    .limit(1)
    .executeTakeFirst();
  return row && grantOfRow(row);
}

/** Each read under a grant is written down; a denied one too, as the proof that it is closed. */
export async function noteUse(
  trx: Db,
  use: {
    readonly grant: string;
    readonly at: number;
    readonly actor: string;
    readonly action: string;
    readonly subject: string;
    readonly outcome: 'read' | 'denied';
  },
): Promise<void> {
  const { grant, ...rest } = use;
  const last = await trx
    .selectFrom('grant_use')
    .select(sql<bigint>`coalesce(max(n), 0)`.as('n'))
    .where('grant_id', '=', grant)
    .executeTakeFirstOrThrow();
  await trx
    .insertInto('grant_use')
    .values({ grant_id: grant, n: last.n + 1n, ...rest })
    .execute();
}

/** Demands that it is open, and writes the use of a grant down before anything is read. */
export async function useOpened(
  deps: { readonly write: Db; readonly clock: { now(): number } },
  opened: Opened,
  use: { readonly actor: string; readonly action: string; readonly subject: string },
): Promise<void> {
  const { grant } = opened;
  if (grant === undefined) return;
  const at = deps.clock.now();
  await deps.write
    .transaction()
    .execute(async (trx) => await noteUse(trx, { ...use, grant: grant.id, at, outcome: 'read' }));
}

export function grantOfRow(row: Row<'access_grant'>): Grant {
  const time = (key: string, value: bigint | null): Readonly<Record<string, number>> =>
    value === null ? {} : { [key]: Number(value) };
  return {
    id: row.id,
    review: row.review_id,
    kind: row.kind as ReviewKind,
    state: row.state as GrantState,
    grantee: row.grantee,
    ...(row.grantee_person === null ? {} : { granteePerson: row.grantee_person }),
    scopeSha256: row.scope_sha256,
    ...(row.subject === null ? {} : { subject: row.subject }),
    leaseMs: Number(row.lease_ms),
    ...time('activatedAt', row.activated_at),
    ...time('expiresAt', row.expires_at),
    ...time('revokedAt', row.revoked_at),
    ...(row.revoked_by === null ? {} : { revokedBy: row.revoked_by }),
  };
}
