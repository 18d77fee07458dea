/** Maintenance cases for their workflow: each effect is one transaction under its key. */
import { canonicalJson, Fault, type Json, sha256Hex } from '@fieldloop/core';
import { type Case, isEnded } from '../case/case.ts';
import { caseStore } from '../case/store.ts';
import {
  askDiagnosis,
  caseHealth,
  clipEvidence,
  digestEvidence,
  rolloutEvidence,
  telemetryEvidence,
} from '../store/case-facts.ts';
import { openCase, putCaseStep } from '../store/case-queue.ts';
import type { Db } from '../store/db.ts';
import { once } from '../store/effects.ts';
import { pending } from './kit/flow.ts';
import { workflow, type WorkflowGround } from './kit/workflow.ts';
import {
  type CaseEvidence,
  type CaseFacts,
  type CaseInput,
  type CaseOutcome,
  type Ended,
  maintenance,
  type MaintenanceDeps,
  type Standing,
} from './maintenance-escalation.ts';

const system = 'system';

type Ground = Pick<WorkflowGround, 'read' | 'write' | 'clock' | 'ids'>;

export const maintenanceDeps = (ground: Ground): MaintenanceDeps => {
  const { write, clock } = ground;
  const how = () => ({ at: clock.now(), by: system });
  return {
    open: async (input, e) =>
      await once(write, e.key, async (trx) => await opened(trx, input, { run: e.run, ...how() })),
    attach: async (id, name, e) =>
      await once(write, e.key, async (trx) => {
        const cases = caseStore(trx);
        const body = await evidenceOf(trx, { name, of: await cases.demand(id) }, ground);
        return { sha256: await cases.attach(id, { name, body }, how()) };
      }),
    hold: async (id, e) =>
      await once(write, e.key, async (trx) => ({ held: await caseStore(trx).hold(id, how()) })),
    route: async (id, e) =>
      await once(write, e.key, async (trx) => {
        const { region, assignee } = await caseStore(trx).route(id, how());
        return { region: region ?? null, assignee: assignee ?? null };
      }),
    acknowledge: async (id, by, e) =>
      await once(write, e.key, async (trx) => {
        const { acknowledgedBy } = await caseStore(trx).acknowledge(id, { at: clock.now(), by });
        return { by: acknowledgedBy ?? by };
      }),
    look: async (id) =>
      (await write.transaction().execute(async (trx) => await standing(trx, id, clock.now()))) ??
      pending,
    close: async (id, closing, e) =>
      await once(write, e.key, async (trx) => await closed(trx, id, { closing, at: clock.now() })),
    lift: async (id, by, e) =>
      await once(write, e.key, async (trx) => ({
        lifted: await caseStore(trx).lift(id, { at: clock.now(), by }),
      })),
    promote: async (id, e) =>
      await once(write, e.key, async (trx) => {
        const made = await caseStore(trx).promote(id, { at: clock.now() });
        return { proposal: made?.id ?? null };
      }),
    leave: async (id, reason, e) =>
      await once(write, e.key, async (trx) => {
        await putCaseStep(trx, id, { action: 'leave', actor: system, text: reason, ...at(clock) });
        return { left: true };
      }),
  };
};

const at = (clock: { now(): number }) => ({ at: clock.now() });

async function opened(
  trx: Db,
  input: CaseInput,
  how: { readonly run: string; readonly at: number; readonly by: string },
): Promise<CaseFacts> {
  const cases = caseStore(trx);
  const { run } = how;
  const { id, joined } =
    'case' in input
      ? { id: input.case, joined: !(await cases.claim(input.case, run, how)) }
      : await openCase(trx, reportOf(input, run), how);
  return factsOf(await cases.demand(id), joined);
}

type AlertInput = Exclude<CaseInput, { readonly case: string }>;

const reportOf = (input: AlertInput, run: string) => ({
  key: `alert:${input.alert}:${run}`,
  device: input.device,
  kind: input.kind,
  severity: 'sev1' as const,
  source: 'alert' as const,
  subject: input.alert,
  summary: input.says,
  run,
});

const factsOf = (one: Case, joined: boolean): CaseFacts => ({
  id: one.id,
  joined,
  device: one.device,
  deviceId: one.deviceId,
  kind: one.kind,
  severity: one.severity,
  summary: one.summary,
});

async function evidenceOf(
  trx: Db,
  { name, of }: { readonly name: CaseEvidence; readonly of: Case },
  { ids, clock }: Ground,
): Promise<Json> {
  switch (name) {
    case 'rollout':
      return await rolloutEvidence(trx, of);
    case 'telemetry':
      return await telemetryEvidence(trx, of);
    case 'digests':
      return await digestEvidence(trx, of);
    case 'clip':
      return await clipEvidence(trx, of);
    case 'log':
      return { command: await askDiagnosis(trx, of, { ids, at: clock.now(), by: system }) };
    default:
      throw new TypeError(`evidence ${String(name)}`);
  }
}

/** Undefined while there is nothing to decide. */
async function standing(trx: Db, id: string, now: number): Promise<Standing | undefined> {
  const after = await caseStore(trx).look(id, { at: now, by: system });
  const { digests } = await caseHealth(trx, after, now);
  const digest = sha256Hex(canonicalJson(digests));
  if (after.state === 'verified') return { state: 'verified', digest };
  if (isEnded(after.state)) return { state: after.state as Ended, digest };
  const { state } = await trx
    .selectFrom('device')
    .select('state')
    .where('id', '=', after.deviceId)
    .executeTakeFirstOrThrow();
  const isGone = state === 'revoked' || state === 'decommissioned';
  return isGone ? { state: 'gone', digest } : undefined;
}

async function closed(
  trx: Db,
  id: string,
  of: {
    readonly closing: Parameters<MaintenanceDeps['close']>[1];
    readonly at: number;
  },
): Promise<{ readonly state: Ended; readonly by: string }> {
  const cases = caseStore(trx);
  const known = await cases.demand(id);
  const { code, cause, by } = of.closing;
  const after = isEnded(known.state)
    ? known
    : await cases.close(id, { code, cause }, { at: of.at, by });
  return { state: after.state as Ended, by: after.closedBy ?? by };
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

function checkInput(input: Json): CaseInput {
  const of = (input ?? {}) as Readonly<Record<string, Json>>;
  if (isText(of['case'])) return { case: of['case'] };
  const { alert, device, kind, says } = of;
  if (isText(alert) && isText(device) && isText(kind) && isText(says)) {
    return { alert, device, kind, says };
  }
  throw new Fault('invalid', 'the input names neither a case nor an alert of a device', {
    place: '/input',
    remedy: 'Open a case: fieldloop cases open --help.',
  });
}

export const maintenanceEscalation = workflow<
  CaseInput & Json,
  CaseOutcome & Json,
  MaintenanceDeps
>({
  name: 'maintenance-escalation',
  version: 1,
  body: maintenance,
  deps: maintenanceDeps,
  check: checkInput,
  triggers: [
    {
      name: 'maintenance-on-case',
      version: 1,
      on: ['case.opened'],
      match({ subject, body }) {
        const { run } = body as { readonly run?: string };
        // A run that opened the case takes care of it itself.
        if (isText(run)) return undefined;
        return { input: { case: subject }, subject, key: subject };
      },
    },
    {
      name: 'maintenance-on-alert',
      version: 1,
      on: ['alert.fired'],
      async match({ subject, body }, read) {
        const said = body as Readonly<Record<string, Json | undefined>>;
        if (said['severity'] !== 'critical' || !isText(said['device'])) return undefined;
        const device = await read
          .selectFrom('device')
          .select('id')
          .where('name', '=', said['device'])
          .executeTakeFirst();
        if (device === undefined) return { skip: 'the device is not there any more' };
        const kind = `alert.${isText(said['policy']) ? said['policy'] : 'unnamed'}`;
        const says = isText(said['summary']) ? said['summary'] : kind;
        return {
          input: { alert: subject, device: device.id, kind, says },
          subject: device.id,
        };
      },
    },
  ],
});
