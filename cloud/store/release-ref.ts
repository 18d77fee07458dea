/** Releases, freezes and live rollouts as others need to know them. Reads only. */
import type { RuleRef } from '@fieldloop/proto';
import type { Db } from './db.ts';

export interface ReleaseRef {
  readonly id: string;
  readonly name: string;
  readonly semver: string;
  readonly digest: string;
  readonly state: string;
  /** Canonical JSON. */
  readonly manifest: string;
}

/** By id, by digest, or as `name@version`. */
export async function findRelease(db: Db, ref: string): Promise<ReleaseRef | undefined> {
  const [name = '', semver = ''] = ref.split('@', 2);
  return await db
    .selectFrom('release')
    .select(['id', 'name', 'semver', 'digest', 'state', 'manifest'])
    .where((of) =>
      of.or([
        of('id', '=', ref),
        of('digest', '=', ref),
        of.and([of('name', '=', name), of('semver', '=', semver)]),
      ]),
    )
    .orderBy('id')
    .limit(1)
    .executeTakeFirst();
}

/**
 * Whether anything may go out to robots now. What an emergency froze does not hold the emergency's
 * own rollout; what a person froze holds everything.
 */
export async function isFrozen(
  db: Db,
  urgency: 'normal' | 'emergency' = 'normal',
): Promise<boolean> {
  let rows = db.selectFrom('rollout_freeze').select('id').where('lifted_at', 'is', null).limit(1);
  if (urgency === 'emergency') rows = rows.where('cause', 'is', null);
  return (await rows.executeTakeFirst()) !== undefined;
}

/** Rules that a rollout wants a device to run, and since when. */
export interface RolledRules {
  readonly ref: RuleRef;
  readonly role: 'active' | 'shadow';
  readonly rollout: string;
  readonly offeredAt: number;
  /** A live one keeps its robots from publications; one that is over gives way to newer ones. */
  readonly isLive: boolean;
}

const live: readonly string[] = ['running', 'paused', 'held', 'halted', 'rolling_back'];

/** The newest of each role. */
export async function rolledRules(db: Db, deviceId: string): Promise<readonly RolledRules[]> {
  const rows = await db
    .selectFrom('rollout_target as t')
    .innerJoin('rollout as o', 'o.id', 't.rollout_id')
    .innerJoin('release as r', 'r.id', 'o.release_id')
    .select(['t.role', 't.offered_at', 'o.id', 'o.state', 'r.manifest'])
    .where('t.device_id', '=', deviceId)
    .where('t.role', 'in', ['active', 'shadow'])
    .orderBy('o.id', 'desc')
    .execute();
  const found: RolledRules[] = [];
  for (const row of rows) {
    const role = row.role === 'shadow' ? 'shadow' : 'active';
    if (found.some((one) => one.role === role)) continue;
    const ref = await ruleRefOf(db, row.manifest, row.id);
    if (ref === undefined) continue;
    const offeredAt = Number(row.offered_at ?? 0n);
    found.push({ ref, role, rollout: row.id, offeredAt, isLive: live.includes(row.state) });
  }
  return found;
}

interface RulesComponent {
  readonly components: readonly {
    readonly kind: string;
    readonly artifact: { readonly sha256: string };
  }[];
}

/** The rule set version whose text is the artifact of a manifest's rules. */
export async function ruleRefOf(
  db: Db,
  manifest: string,
  publication: string,
): Promise<RuleRef | undefined> {
  const { components } = JSON.parse(manifest) as RulesComponent;
  const bundle = components.find(({ kind }) => kind === 'rules-bundle');
  if (bundle === undefined) return undefined;
  const row = await db
    .selectFrom('rule_version as v')
    .innerJoin('rule_set as s', 's.id', 'v.rule_set_id')
    .select(['s.name', 'v.n', 'v.digest', 'v.text'])
    .where('v.text_sha256', '=', bundle.artifact.sha256)
    .orderBy('v.rule_set_id')
    .orderBy('v.n')
    .limit(1)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const { name: ruleSet, n, digest, text } = row;
  return { ruleSet, version: Number(n), digest, text, publication };
}
