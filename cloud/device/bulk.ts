/** The verbs of many devices at once, each with its own result. */
import { Fault } from '@fieldloop/core';
import {
  type BulkAnswer,
  bulkAnswer,
  bulkFailure,
  bulkFields,
  type BulkResult,
} from '../http/bulk.ts';
import { z } from '../http/openapi.ts';
import { startedResponse } from '../http/long-work.ts';
import { type Call, type Operation, operation } from '../http/operation.ts';
import { maxRevokedAlone } from '../device-limits.ts';
import { maxBulkItems } from '../limits.ts';
import { deviceCondition, devicesWhere } from '../store/cohort-ref.ts';
import type { Db } from '../store/db.ts';
import { unknownDevice } from '../store/device-ref.ts';
import { startOperation } from '../store/operations.ts';
import type { LongOperation } from '../operation/operation.ts';
import type { BulkDevices, BulkVerb } from './bulk-work.ts';
import type { Device } from './device.ts';
import { deviceStore } from './store.ts';
import { approveRevoking } from './revoking.ts';
import { reasonField, takeStep, type VerbDeps } from './verbs.ts';

const longer = `A query that finds more than ${maxBulkItems} devices becomes an operation.`;

const words = {
  suspend: {
    summary: 'Keep many devices from connecting',
    description: `${longer} The dry run tells of the first of them.`,
    right: 'devices:write',
  },
  resume: {
    summary: 'Let many suspended devices connect again',
    description: `${longer} The dry run tells of the first of them.`,
    right: 'devices:write',
  },
  revoke: {
    summary: 'Take many devices their right to connect, for good',
    description: `More than ${maxRevokedAlone} in an hour take another person's approval. ${longer}`,
    right: 'devices:admin',
  },
} as const;

const verbs: readonly BulkVerb[] = ['suspend', 'resume', 'revoke'];

export const bulkOperations = (deps: VerbDeps): readonly Operation[] =>
  verbs.map((verb) => many(deps, verb));

const body = z.strictObject({ ...bulkFields, reason: reasonField });
type BulkBody = z.infer<typeof body>;

const many = (deps: VerbDeps, verb: BulkVerb): Operation =>
  operation(
    {
      id: `${verb}Devices`,
      tag: 'devices',
      method: 'post',
      path: `/v1/devices:${verb}`,
      ...words[verb],
      faults: ['conflict', 'not_found'],
      statuses: { 202: 'More than a request waits for: an Operation.' },
    },
    { body, answer: { status: 200, description: 'Each device.', schema: bulkAnswer } },
    async (call) => {
      const { reason, dryRun } = call.body;
      const ended: string[] = [];
      const answer = await call.change(async (trx): Promise<BulkAnswer | LongOperation> => {
        const at = deps.clock.now();
        const all = await chosen(trx, call.body, at);
        const ids = all.slice(0, maxBulkItems);
        if (verb === 'revoke' && !dryRun) {
          await approveRevoking(trx, call, { ids: all, at, reason }, deps);
        }
        if (all.length > ids.length && !dryRun) {
          return await startMany(trx, call, { verb, ids: all, reason, at }, deps);
        }
        const results: BulkResult[] = [];
        let changed = 0;
        for (const id of ids) {
          try {
            const device = await demandDevice(trx, id);
            const step = { call, verb, at, reason, dryRun };
            if (await takeStep(trx, step, device)) {
              changed += 1;
              if (verb !== 'resume' && !dryRun) ended.push(device.name);
            }
            results.push({ id: device.id, ok: true });
          } catch (error) {
            if (!(error instanceof Fault)) throw error;
            results.push(bulkFailure(id, error));
          }
        }
        return { results, matched: ids.length, changed, dryRun };
      });
      if (!('matched' in answer)) return startedResponse(answer);
      const state = verb === 'suspend' ? 'suspended' : 'revoked';
      for (const name of ended) deps.onRevoked(name, state);
      return answer;
    },
  );

async function demandDevice(trx: Db, id: string): Promise<Device> {
  const device = await deviceStore(trx).get(id);
  if (device === undefined) throw unknownDevice(id);
  return device;
}

/** Ids or names as given, or the ids that the query finds. */
async function chosen(trx: Db, said: BulkBody, now: number): Promise<readonly string[]> {
  const { ids, q } = said;
  if ((ids === undefined) === (q === undefined)) {
    throw new Fault('invalid', 'the devices are named by ids or by q: exactly one of them', {
      place: '/body/ids',
      remedy: 'Give ids, such as ["amr-01"], or q, such as "site = hall-2".',
    });
  }
  if (q === undefined) return [...new Set(ids)];
  return (await devicesWhere(trx, deviceCondition(q, now, '/body/q'))).map(({ id }) => id);
}

/** The worker goes through them: the devices are those that were found when it was asked for. */
async function startMany(
  trx: Db,
  call: Pick<Call<unknown, unknown, unknown>, 'caller' | 'audit'>,
  many: Omit<BulkDevices, 'by'> & { readonly at: number },
  deps: VerbDeps,
): Promise<LongOperation> {
  const { at, verb, reason, ids } = many;
  const by = call.caller?.id ?? 'nobody';
  const input = { verb, ids, by, ...(reason === undefined ? {} : { reason }) };
  const kind = `devices.${verb}`;
  const started = await startOperation(trx, { id: deps.ids.ulid('op'), kind, input, by, at });
  const detail = { devices: ids.length };
  await call.audit(trx, { action: `device.${verb}`, subject: started.id, detail });
  return started;
}
