/**
 * Brings what devices should run in line with the publications they are in. A publication only
 * marks its devices; settling one looks at all publications that it is in, so that the order of
 * publish, promote, halt and rollback does not matter, and a crash in between is made good.
 */
import { asFault } from '@fieldloop/core';
import type { DesiredRules, RuleRef } from '@fieldloop/proto';
import type { Db } from '../store/db.ts';
import { setDesired } from '../store/desired.ts';
import { sql } from '../store/kysely.ts';
import { type RolledRules, rolledRules } from '../store/release-ref.ts';
import type { ToldProblem } from './fold.ts';
import { type Claim, type DeviceRole, isLive, publicationStates, roleOf, settle } from './rule.ts';

/** Devices that are in a publication from now on; those that are already stay as they are. */
export async function addDevices(
  trx: Db,
  publication: string,
  devices: readonly string[],
  at: number,
): Promise<void> {
  for (let from = 0; from < devices.length; from += 100) {
    const rows = devices.slice(from, from + 100).map((device_id) => ({
      publication_id: publication,
      device_id,
      role: 'none',
      unsettled: 1,
      ...fresh(at),
    }));
    await trx
      .insertInto('publication_device')
      .values(rows)
      .onConflict((conflict) => conflict.columns(['publication_id', 'device_id']).doNothing())
      .execute();
  }
}

/** Devices that are no longer in it; they are settled at once. */
export async function removeDevices(
  trx: Db,
  publication: string,
  devices: readonly string[],
  at: number,
): Promise<void> {
  for (const device of devices) {
    await trx
      .deleteFrom('publication_device')
      .where('publication_id', '=', publication)
      .where('device_id', '=', device)
      .execute();
    await settleDevice(trx, { device, at, refs: new Map() });
  }
}

/** All devices of a publication have to be looked at. */
export async function unsettle(trx: Db, publication: string): Promise<void> {
  await trx
    .updateTable('publication_device')
    .set({ unsettled: 1 })
    .where('publication_id', '=', publication)
    .execute();
}

/** Settles up to `most` marked devices, of one publication when it is named; how many it did. */
export async function settleMarked(
  trx: Db,
  wanted: { readonly most: number; readonly at: number; readonly publication?: string },
): Promise<number> {
  const { most, at, publication } = wanted;
  let marked = trx
    .selectFrom('publication_device')
    .select('device_id')
    .distinct()
    // Written out: an index of some rows is not found through a parameter.
    .where(sql<boolean>`unsettled = 1`)
    .orderBy('device_id')
    .limit(most);
  if (publication !== undefined) marked = marked.where('publication_id', '=', publication);
  const rows = await marked.execute();
  const refs = new Map<string, RuleRef>();
  for (const { device_id: device } of rows) await settleDevice(trx, { device, at, refs });
  return rows.length;
}

/** The same for one device that a rollout gives rules, or takes them from. */
export async function settleRules(trx: Db, device: string, at: number): Promise<void> {
  const known = await trx
    .selectFrom('desired')
    .select('digest')
    .where('device_id', '=', device)
    .where('section', '=', 'rules')
    .executeTakeFirst();
  // A device that nobody ever brought rules runs those of its configuration.
  if (known === undefined && (await rolledRules(trx, device)).length === 0) return;
  await settleDevice(trx, { device, at, refs: new Map() });
}

interface Settling {
  readonly device: string;
  readonly at: number;
  /** By publication: texts are read once for all devices. */
  readonly refs: Map<string, RuleRef>;
}

async function settleDevice(trx: Db, settling: Settling): Promise<void> {
  const { device, at } = settling;
  const rows = await trx
    .selectFrom('publication_device as d')
    .innerJoin('publication as p', 'p.id', 'd.publication_id')
    .select(['p.id', 'p.rule_set_id', 'p.digest', 'p.mode', 'p.percent', 'p.rank', 'p.state'])
    .select('p.created_at')
    .select('d.role')
    .where('d.device_id', '=', device)
    .execute();
  const rolled = await rolledRules(trx, device);
  const live = rows.filter(
    ({ state, created_at: at }) =>
      publicationStates.some((one) => one === state && isLive(one)) &&
      !rolled.some((one) => isCovered(one, Number(at))),
  );
  const claims = live.map(
    (row): Claim => ({
      publication: row.id,
      ruleSetId: row.rule_set_id,
      digest: row.digest,
      mode: row.mode === 'active' ? 'active' : 'shadow',
      percent: Number(row.percent),
      rank: Number(row.rank),
    }),
  );
  const settled = settle(device, claims);
  const ended = rows.filter(
    ({ state }) => !publicationStates.some((one) => one === state && isLive(one)),
  );
  for (const one of rolled) settling.refs.set(one.rollout, one.ref);
  const rollout = (role: RolledRules['role']): string | undefined =>
    rolled.find((one) => one.role === role)?.rollout;
  const refused = await ask(trx, settling, {
    active: settled.active?.publication ?? rollout('active'),
    shadow: rollout('shadow') ?? settled.shadow?.publication,
  });
  for (const row of rows) {
    const covered = ended.includes(row) ? 'none' : 'covered';
    const role = live.includes(row) ? roleOf(settled, row.id) : covered;
    await place(trx, { publication: row.id, device, from: row.role, role, at });
  }
  for (const { publication, problem } of refused) {
    await trx
      .updateTable('publication_device')
      .set({ state: 'rejected', problems: JSON.stringify([problem]) })
      .where('publication_id', '=', publication)
      .where('device_id', '=', device)
      .execute();
  }
}

/**
 * A rollout keeps its robots while it is live; once it is over, a publication that is newer than
 * its offer has them again.
 */
const isCovered = ({ role, isLive: isOn, offeredAt }: RolledRules, publishedAt: number): boolean =>
  role === 'active' && (isOn || publishedAt <= offeredAt);

interface Wish {
  readonly active: string | undefined;
  readonly shadow: string | undefined;
}

interface Refused {
  readonly publication: string;
  readonly problem: ToldProblem;
}

/** Two sets may be too large together: then the shadow stays away, and says why. */
async function ask(trx: Db, settling: Settling, wish: Wish): Promise<readonly Refused[]> {
  const { device: deviceId, at } = settling;
  const document: DesiredRules = {
    ...(wish.active === undefined ? {} : { active: await refOf(trx, settling, wish.active) }),
    ...(wish.shadow === undefined ? {} : { shadow: await refOf(trx, settling, wish.shadow) }),
  };
  try {
    await setDesired(trx, { deviceId, section: 'rules', document, at });
    return [];
  } catch (error) {
    const { code, message, remedy = '' } = asFault(error);
    const publication = wish.shadow ?? wish.active;
    if (code !== 'limited' || publication === undefined) throw error;
    const rest: Wish = {
      active: wish.shadow === undefined ? undefined : wish.active,
      shadow: undefined,
    };
    const problem = { line: 1, column: 1, code: 'limit', message, remedy };
    return [{ publication, problem }, ...(await ask(trx, settling, rest))];
  }
}

async function refOf(trx: Db, { refs }: Settling, publication: string): Promise<RuleRef> {
  const known = refs.get(publication);
  if (known !== undefined) return known;
  const row = await trx
    .selectFrom('publication as p')
    .innerJoin('rule_set as s', 's.id', 'p.rule_set_id')
    .innerJoin('rule_version as v', (join) =>
      join.onRef('v.rule_set_id', '=', 'p.rule_set_id').onRef('v.n', '=', 'p.n'),
    )
    .select(['s.name', 'v.n', 'v.digest', 'v.text'])
    .where('p.id', '=', publication)
    .executeTakeFirstOrThrow();
  const { name: ruleSet, n, digest, text } = row;
  const ref = { ruleSet, version: Number(n), digest, text, publication };
  refs.set(publication, ref);
  return ref;
}

/** A new role begins to count from nothing; one that ended keeps what it had for the record. */
async function place(
  trx: Db,
  row: {
    readonly publication: string;
    readonly device: string;
    readonly from: string;
    readonly role: DeviceRole;
    readonly at: number;
  },
): Promise<void> {
  const { role, from, at } = row;
  const begins = role !== from && (role === 'active' || role === 'shadow');
  await trx
    .updateTable('publication_device')
    .set({ role, unsettled: 0, ...(begins ? fresh(at) : {}) })
    .where('publication_id', '=', row.publication)
    .where('device_id', '=', row.device)
    .execute();
}

const fresh = (at: number) => ({
  state: 'pending',
  digest: null,
  problems: '[]',
  started_at: at,
  report_at: 0,
  counters: null,
  exposure_ms: 0,
  evaluations: 0,
  faults: 0,
  fired: '{}',
  clips: 0,
  bytes: 0,
});
