/** Four eyes for taking robots off the network for good, however many requests it is cut into. */
import { type ApprovedCall, requireApproval, subjectOf } from '../auth/approval.ts';
import { maxRevokedAlone, revokedAloneMs } from '../device-limits.ts';
import type { NounDeps } from '../http/deps.ts';
import type { Db } from '../store/db.ts';

export interface Revoking {
  readonly ids: readonly string[];
  readonly at: number;
  readonly reason: string | undefined;
}

/**
 * Goes on for a few devices; with more within an hour, by one person and the keys of that person,
 * it is Fault `conflict` until another person approved these.
 */
export async function approveRevoking(
  trx: Db,
  call: ApprovedCall,
  { ids, at, reason }: Revoking,
  deps: Pick<NounDeps, 'clock' | 'ids'>,
): Promise<void> {
  const lately = await revokedLately(trx, call, at - revokedAloneMs);
  if (lately + ids.length <= maxRevokedAlone) return;
  const detail = { devices: ids.length, first: ids.slice(0, 10), lately };
  const wanted = { action: 'device.revoke', subject: subjectOf(ids), reason, detail };
  await requireApproval(trx, call, wanted, deps);
}

async function revokedLately(trx: Db, { caller }: ApprovedCall, since: number): Promise<number> {
  const person = caller?.userId;
  const keys =
    person === undefined
      ? []
      : await trx
          .selectFrom('api_key')
          .select('id')
          .where((where) =>
            where.or([where('person_id', '=', person), where('maker_id', '=', person)]),
          )
          .execute();
  const actors = [caller?.id ?? 'nobody', ...keys.map(({ id }) => id)];
  if (person !== undefined) actors.push(person);
  const { count } = await trx
    .selectFrom('audit')
    .select((select) => select.fn.countAll<number | bigint | string>().as('count'))
    .where('at', '>', BigInt(since))
    .where('action', 'in', ['device.revoke', 'device.decommission'])
    .where('actor', 'in', actors)
    .executeTakeFirstOrThrow();
  return Number(count);
}
