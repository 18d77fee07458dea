/** The verbs of many devices at once, each with its own result. */
import { Fault } from '@fieldloop/core';
import { requireApproval, subjectOf } from '../auth/approval.ts';
import {
  type BulkAnswer,
  bulkAnswer,
  bulkFailure,
  bulkFields,
  type BulkResult,
} from '../http/bulk.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { maxBulkItems, maxRevokedAlone } from '../limits.ts';
import { deviceCondition, devicesWhere } from '../store/cohort-ref.ts';
import type { Db } from '../store/db.ts';
import { unknownDevice } from '../store/device-ref.ts';
import type { Device, DeviceVerb } from './device.ts';
import { deviceStore } from './store.ts';
import { reasonField, takeStep, type VerbDeps } from './verbs.ts';

type BulkVerb = Exclude<DeviceVerb, 'decommission'>;

const words = {
  suspend: { summary: 'Keep many devices from connecting', right: 'devices:write' },
  resume: { summary: 'Let many suspended devices connect again', right: 'devices:write' },
  revoke: {
    summary: 'Take many devices their right to connect, for good',
    description: `More than ${maxRevokedAlone} at once take another person's approval.`,
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
    },
    { body, answer: { status: 200, description: 'Each device.', schema: bulkAnswer } },
    async (call) => {
      const { reason, dryRun } = call.body;
      const ended: string[] = [];
      const answer = await call.change(async (trx): Promise<BulkAnswer> => {
        const at = deps.clock.now();
        const ids = await chosen(trx, call.body, at);
        if (verb === 'revoke' && !dryRun && ids.length > maxRevokedAlone) {
          const subject = subjectOf(ids);
          const detail = { devices: ids.length, first: ids.slice(0, 10) };
          await requireApproval(
            trx,
            call,
            { action: 'device.revoke', subject, reason, detail },
            deps,
          );
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
      for (const name of ended) deps.onRevoked(name);
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
  const found = await devicesWhere(trx, deviceCondition(q, now, '/body/q'), maxBulkItems + 1);
  if (found.length <= maxBulkItems) return found.map(({ id }) => id);
  throw new Fault('invalid', `the query finds more than ${maxBulkItems} devices`, {
    place: '/body/q',
    remedy: 'Narrow it, for example by site, and send it for each.',
  });
}
