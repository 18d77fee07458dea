/** Signs where the audit chain stands, once a day and when the process stops; and checks it. */
import { type Clock, Fault, type Log } from '@fieldloop/core';
import {
  type AuditHead,
  type AuditVerdict,
  type SignedAuditHead,
  verifyChain,
} from '../audit/audit.ts';
import { auditStore } from '../audit/store.ts';
import { auditHeadMs, auditLookMs, auditVerifyRows } from '../limits.ts';
import type { Db } from '../store/db.ts';
import { openLoop } from '../store/work.ts';
import { type AuditKey, signedBy } from './audit-key.ts';

export interface AuditSignerDeps {
  readonly write: Db;
  readonly clock: Clock;
  readonly log: Log;
  readonly key: AuditKey;
}

/** A worker's part. The last head goes to the log as well: what is there no database can take back. */
export function openAuditSigner(deps: AuditSignerDeps): AsyncDisposable {
  const loop = openLoop(deps, { name: 'audit-head', everyMs: auditLookMs }, async () => {
    const last = await auditStore(deps.write).lastHead();
    if (last === undefined || last.at + auditHeadMs <= deps.clock.now()) await signHead(deps);
  });
  return {
    async [Symbol.asyncDispose]() {
      await loop[Symbol.asyncDispose]();
      try {
        await signHead(deps);
      } catch (error) {
        deps.log.warn('the audit head was not signed at the end', { cause: error });
      }
    },
  };
}

/** The head that was signed; undefined when the chain has not moved since the last one. */
export async function signHead(deps: AuditSignerDeps): Promise<SignedAuditHead | undefined> {
  const { key } = deps;
  const head = await deps.write.transaction().execute(async (trx) => {
    const audit = auditStore(trx);
    const last = await audit.last();
    const before = await audit.lastHead();
    if (last === undefined || last.seq <= (before?.seq ?? 0)) return undefined;
    await trx
      .insertInto('setting')
      .values({ name: `${keySetting}${key.keySha256}`, value: key.publicKey })
      .onConflict((conflict) => conflict.column('name').doNothing())
      .execute();
    const signed = key.sign({ ...last, at: deps.clock.now(), previous: before?.seq ?? 0 });
    await audit.addHead(signed);
    return signed;
  });
  if (head !== undefined) deps.log.info('audit head signed', { ...head });
  return head;
}

const keySetting = 'audit_key_';

/** Public keys that signed heads, by their hash. */
export async function auditKeys(db: Db): Promise<ReadonlyMap<string, string>> {
  const heads = await auditStore(db).heads();
  const names = [...new Set(heads.map((head) => `${keySetting}${head.keySha256}`))];
  if (names.length === 0) return new Map();
  const rows = await db
    .selectFrom('setting')
    .select(['name', 'value'])
    .where('name', 'in', names)
    .execute();
  return new Map(rows.map(({ name, value }) => [name.slice(keySetting.length), value]));
}

export interface StoredVerdict extends AuditVerdict {
  /** Heads signed by the key of this process: the others lean on what the database says. */
  readonly ownHeads: number;
  /** Where the next call goes on; absent when the whole chain was walked. */
  readonly next?: AuditHead;
}

/**
 * Checks the chain in the database, at most `auditVerifyRows` entries from `start` on. `known` is
 * a head that the caller noted earlier, wherever it kept it.
 */
export async function verifyStored(
  db: Db,
  options: {
    readonly key?: Pick<AuditKey, 'keySha256' | 'publicKey'> | undefined;
    readonly start?: AuditHead | undefined;
    readonly known?: AuditHead | undefined;
  },
): Promise<StoredVerdict> {
  const { key, start, known } = options;
  const audit = auditStore(db);
  const [heads, keys] = [await audit.heads(), await auditKeys(db)];
  const publicKeyOf = (head: SignedAuditHead): string | undefined =>
    head.keySha256 === key?.keySha256 ? key.publicKey : keys.get(head.keySha256);
  const first = start?.seq ?? 0;
  const through = first + auditVerifyRows;
  const last = await audit.last();
  const whole = (last?.seq ?? 0) <= through;
  if (known !== undefined) await demandKnown(db, known);
  const verdict = await verifyChain(audit.walk(first, through), {
    heads: heads.filter((head) => head.seq > first && (whole || head.seq <= through)),
    signed: (head) => {
      const publicKey = publicKeyOf(head);
      return publicKey !== undefined && signedBy(publicKey, head);
    },
    // Heads before `start` were checked by the call that ended there.
    headBefore: heads.findLast((head) => head.seq <= first)?.seq ?? 0,
    ...(start === undefined ? {} : { start }),
  });
  return {
    ...verdict,
    ownHeads: heads.filter((head) => head.keySha256 === key?.keySha256).length,
    ...(whole || verdict.broken !== undefined ? {} : { next: verdict.head }),
  };
}

/** Fault `corrupt` when the chain no longer holds what somebody noted of it. */
async function demandKnown(db: Db, known: AuditHead): Promise<void> {
  const entry = await auditStore(db).get(known.seq);
  if (entry?.hash === known.hash) return;
  const what = entry === undefined ? 'is missing' : 'has another hash';
  throw new Fault('corrupt', `entry ${known.seq}, which you noted, ${what}`, {
    place: '/body/known',
    remedy: 'Compare with the last backup and with the heads in the log of the cloud.',
  });
}
