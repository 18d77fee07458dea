/**
 * How a request changes anything: one write transaction, which also holds its audit entry and, for
 * a create with an Idempotency-Key, the answer that a repeated request gets.
 */
import { canonicalJson, type Clock, Fault, type Json, sha256Hex } from '@fieldloop/core';
import { maxIdempotencyKeyLength } from '../limits.ts';
import { putAudit } from '../store/audit-chain.ts';
import type { Db } from '../store/db.ts';
import type { Caller } from './caller.ts';
import { answeredAs } from './problem.ts';

export interface Change {
  /** `clip.tag`: noun, dot, what was done. */
  readonly action: string;
  /** The entity's id. */
  readonly subject: string;
  readonly before?: Json | undefined;
  readonly after?: Json | undefined;
  readonly detail?: Readonly<Record<string, Json>> | undefined;
}

export interface Changes {
  /**
   * Runs `work` in the write transaction of this request. What a create answers must be what its
   * `work` gives: with an Idempotency-Key that was used before, `work` does not run and the answer
   * is the one from then. At most once a request.
   */
  change<T>(work: (trx: Db) => Promise<T>): Promise<T>;
  /** Tells the audit chain, inside that transaction, who did what. */
  audit(trx: Db, change: Change): Promise<void>;
  /** The version that If-Match names: the change is meant for no other. `any` for `*`. */
  readonly expects: number | 'any';
}

export interface ChangeRequest {
  readonly caller: Caller | undefined;
  readonly operationId: string;
  readonly requestId: string;
  readonly ip: string;
  readonly expects: number | 'any';
  /** Of a create that may be repeated. */
  readonly repeat: Repeat | undefined;
}

export interface Repeat {
  readonly key: string;
  /** Of everything that the request asks for. */
  readonly requestSha256: string;
  readonly status: number;
  /** The answer shows a secret and is not kept. */
  readonly secret: boolean;
  /** Called when the answer is the one of an earlier request. */
  onReplay(): void;
}

export function openChanges(
  deps: { readonly write: Db; readonly clock: Clock },
  request: ChangeRequest,
): Changes {
  const { caller, repeat } = request;
  const actor = caller?.id ?? 'nobody';
  return {
    expects: request.expects,
    async change(work) {
      const transaction = deps.write.transaction().execute(async (trx) => {
        if (repeat === undefined) return await work(trx);
        const place = { caller: actor, operation: request.operationId, key: repeat.key };
        const known = await repeated(trx, place, repeat);
        if (known !== undefined) return known.answer as Awaited<ReturnType<typeof work>>;
        const answer = await work(trx);
        await trx
          .insertInto('idempotency')
          .values({
            ...place,
            request_sha256: repeat.requestSha256,
            status: repeat.status,
            answer: repeat.secret ? null : JSON.stringify(answer),
            at: deps.clock.now(),
          })
          .execute();
        return answer;
      });
      try {
        return await transaction;
      } catch (error) {
        await writeAfter(deps.write, error);
        throw error;
      }
    },
    async audit(trx, change) {
      const { requestId, ip } = request;
      await putAudit(trx, {
        at: deps.clock.now(),
        actor,
        via: 'api',
        ...change,
        requestId,
        ...(ip === '' ? {} : { ip }),
      });
    },
  };
}

type Afterwards = (trx: Db) => Promise<void>;
const afterwards = new WeakMap<Fault, Afterwards>();

/**
 * Says what must be written although this fault undoes the change it is thrown in, such as the
 * request for the approval that was missing. It has a transaction of its own.
 */
export function writesAfter(fault: Fault, work: Afterwards): Fault {
  afterwards.set(fault, work);
  return fault;
}

async function writeAfter(write: Db, error: unknown): Promise<void> {
  const work = error instanceof Fault ? afterwards.get(error) : undefined;
  if (work !== undefined) await write.transaction().execute(async (trx) => await work(trx));
}

async function repeated(
  trx: Db,
  place: { readonly caller: string; readonly operation: string; readonly key: string },
  repeat: Repeat,
): Promise<{ readonly answer: unknown } | undefined> {
  const row = await trx
    .selectFrom('idempotency')
    .select(['request_sha256', 'answer'])
    .where('caller', '=', place.caller)
    .where('operation', '=', place.operation)
    .where('key', '=', place.key)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  if (row.request_sha256 !== repeat.requestSha256) {
    throw answeredAs(
      new Fault('conflict', 'this Idempotency-Key was used for another request', {
        place: keyPlace,
        remedy: 'Use a new key for a new request, or send exactly the request of the first time.',
      }),
      { status: 422 },
    );
  }
  if (row.answer === null) {
    throw new Fault('conflict', 'this was made already, and its secret was shown then', {
      place: keyPlace,
      remedy: 'If the answer was lost, revoke what was made and make it anew with another key.',
    });
  }
  repeat.onReplay();
  return { answer: JSON.parse(row.answer) as unknown };
}

const keyPlace = '/header/idempotency-key';

/** The key of a create that may be repeated. Fault `invalid` for one that no header should hold. */
export function idempotencyKey(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  if (header.length <= maxIdempotencyKeyLength && /^[\x21-\x7e]+$/.test(header)) return header;
  throw new Fault('invalid', 'the Idempotency-Key has other characters or is too long', {
    place: keyPlace,
    remedy: `Send 1 to ${maxIdempotencyKeyLength} visible characters, such as a UUID.`,
  });
}

/** What makes two requests the same: the path's parameters and the body. */
export const requestHash = (path: string, body: string): string =>
  sha256Hex(canonicalJson({ path, body: body === '' ? null : (JSON.parse(body) as Json) }));
