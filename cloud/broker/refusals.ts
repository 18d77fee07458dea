/**
 * Refusals are told in the log and, when the device is known, in the audit; one kind for one
 * device at most once a minute, with the number of those that were not told in between.
 */
import type { Clock, Log } from '@fieldloop/core';
import { maxRateKeys, refusalEveryMs } from '../wire-limits.ts';
import { putAudit } from '../store/audit-chain.ts';
import type { Db } from '../store/db.ts';

export interface Refusal {
  readonly action: 'connect.refused' | 'acl.refused' | 'enroll.refused' | 'wire.violation';
  readonly reason: string;
  readonly remote: string;
  readonly device?: string | undefined;
}

/** What the operator who reads the log can do. */
export const refusalRemedies: Readonly<Record<Refusal['action'], string>> = {
  'connect.refused':
    'If it is a robot of yours, enrol it again with a new claim token; a stranger got no further.',
  'acl.refused':
    'Update the agent of this device; if something else holds its key, revoke the device.',
  'enroll.refused': 'Create a new token with `fieldloop tokens create` and give it to the robot.',
  'wire.violation':
    'Update the agent of this device; if something else holds its key, revoke the device.',
};

export interface Refusals {
  tell(refusal: Refusal): void;
  /** Resolves when everything that was told is in the audit. */
  settled(): Promise<void>;
}

export function openRefusals(deps: {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Log;
}): Refusals {
  const told = new Map<string, { atMs: number; silent: number }>();
  let writing: Promise<void> = Promise.resolve();
  return {
    tell(refusal) {
      const key = [refusal.action, refusal.device ?? refusal.remote, refusal.reason].join(' ');
      const now = deps.clock.monotonicMs();
      const before = told.get(key);
      if (before !== undefined && now - before.atMs < refusalEveryMs) {
        before.silent += 1;
        return;
      }
      told.delete(key);
      told.set(key, { atMs: now, silent: 0 });
      const oldest = told.keys().next().value;
      if (told.size > maxRateKeys && oldest !== undefined) told.delete(oldest);
      const { action, ...fields } = refusal;
      const remedy = refusalRemedies[action];
      deps.log.warn(action, { ...fields, remedy, alsoSince: before?.silent ?? 0 });
      // A stranger at the gate stands in the log alone: the audit must not grow at his will.
      if (refusal.device === undefined && action !== 'enroll.refused') return;
      writing = writing.then(async () => await audit(deps, refusal));
    },
    settled: () => writing,
  };
}

async function audit(
  deps: { readonly db: Db; readonly clock: Clock; readonly log: Log },
  refusal: Refusal,
): Promise<void> {
  const { action, reason, remote } = refusal;
  const device = refusal.device ?? remote;
  try {
    await deps.db.transaction().execute(
      async (trx) =>
        await putAudit(trx, {
          at: deps.clock.now(),
          actor: device,
          via: action === 'enroll.refused' ? 'enrol' : 'wire',
          action,
          subject: refusal.device ?? 'enrolment',
          detail: { reason, remote },
        }),
    );
  } catch (error) {
    deps.log.error('a refusal is missing in the audit', { action, device, error });
  }
}
