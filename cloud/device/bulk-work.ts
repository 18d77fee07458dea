/** A verb on more devices than a request waits for: the worker goes through them. */
import { Fault, type Json } from '@fieldloop/core';
import { bulkFailure, type BulkResult } from '../http/bulk.ts';
import { deviceWorkRows } from '../device-limits.ts';
import { maxBulkProblems } from '../limits.ts';
import { putAudit } from '../store/audit-chain.ts';
import { unknownDevice } from '../store/device-ref.ts';
import type { OperationHandler } from '../store/operations.ts';
import type { DeviceVerb } from './device.ts';
import { deviceStore } from './store.ts';
import { type Step, takeStep } from './verbs.ts';

export type BulkVerb = Exclude<DeviceVerb, 'decommission'>;

export interface BulkDevices {
  readonly verb: BulkVerb;
  readonly ids: readonly string[];
  readonly by: string;
  readonly reason?: string | undefined;
}

/** What a device is already changes nothing: a second run does the rest. */
const workOnDevices: OperationHandler = async (input, context) => {
  const { verb, ids, by, reason } = input as unknown as BulkDevices;
  const { write, clock, signal, id: operation } = context;
  const sums = { matched: 0, changed: 0, failed: 0 };
  const problems: Json[] = [];
  const audit: Step['call']['audit'] = async (trx, change) => {
    const detail = { ...change.detail, operation };
    const entry = { ...change, detail, at: clock.now(), actor: by, via: 'operation' };
    await putAudit(trx, entry);
  };
  for (let from = 0; from < ids.length; from += deviceWorkRows) {
    signal.throwIfAborted();
    const page = ids.slice(from, from + deviceWorkRows);
    const done = await write.transaction().execute(async (trx) => {
      const results: (BulkResult & { readonly changed: boolean })[] = [];
      for (const id of page) {
        try {
          const device = await deviceStore(trx).get(id);
          if (device === undefined) throw unknownDevice(id);
          const step = { call: { audit }, verb, at: clock.now(), reason };
          results.push({ id, ok: true, changed: await takeStep(trx, step, device) });
        } catch (error) {
          if (!(error instanceof Fault)) throw error;
          results.push({ ...bulkFailure(id, error), changed: false });
        }
      }
      return results;
    });
    for (const { id, changed, problem } of done) {
      sums.matched += 1;
      if (changed) sums.changed += 1;
      if (problem === undefined) continue;
      sums.failed += 1;
      if (problems.length < maxBulkProblems) problems.push({ id, ...problem });
    }
    context.progress(sums.matched, ids.length, 'devices');
  }
  return { ...sums, problems };
};

export const deviceOperationKinds: Readonly<Record<string, OperationHandler>> = {
  'devices.suspend': workOnDevices,
  'devices.resume': workOnDevices,
  'devices.revoke': workOnDevices,
};
