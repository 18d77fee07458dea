/** A gate as a run sees it: opened, looked at, taken. */
import type { Json } from '@fieldloop/core';
import type { StepFault, Decision, GateSpec, GateWho } from './flow.ts';
import { type Gate, judgeDeadline } from '../../gate/gate.ts';
import { gateStore, type NewGate } from '../../gate/store.ts';
import type { Db } from '../../store/db.ts';
import { putOutbox } from '../../store/outbox.ts';
import { effectMs, escalationMs } from '../limits.ts';
import type { Advance } from './advance.ts';
import { handedAbort } from './aborts.ts';
import { left } from './attempts.ts';
import { putStep, putWait, type RunRow, within } from './turn.ts';
import { gateDelayMs } from './waits.ts';

export type Taken = Decision & { readonly changed?: Json };

/** Whether the run is shown as parked: the gate stands for a step that failed. */
export type Stand = 'waiting' | 'parked';

export async function waitAtGate(
  on: Advance,
  name: string,
  wish: { readonly spec: GateSpec; readonly stand: Stand },
): Promise<Taken> {
  const { turn } = on;
  const known = turn.steps.get(name);
  if (known?.state === 'done' && known.output !== null) return JSON.parse(known.output) as Taken;
  const { spec, stand } = wish;
  const look = Number(known?.attempts ?? 0n) + 1;
  const key = `${turn.run.id}/${name}`;
  const change = { name, kind: 'gate', key, attempts: look, worker: on.node } as const;
  const opened = await within(on.write, turn, async (trx, run) => {
    await putStep(trx, turn, { ...change, state: 'running', at: on.clock.now() });
    return await openGate(trx, { on, run, name, wish });
  });
  await on.boundary('before', name);
  const evidence = await spec.refresh?.({
    key,
    run: turn.run.id,
    attempt: look,
    signal: AbortSignal.timeout(effectMs),
  });
  await on.boundary('after', name);
  const at = on.clock.now();
  const decision = await within(on.write, turn, async (trx, run) => {
    if (evidence !== undefined) {
      await gateStore(trx).refresh(await gateStore(trx).demand(opened.id), evidence, at);
    }
    const gate = await gateStore(trx).demand(opened.id);
    const outcome = await judged(trx, gate, { run, name, at });
    if (outcome !== undefined) {
      await putStep(trx, turn, { ...change, state: 'done', output: { ...outcome }, at });
      return outcome;
    }
    const now = await gateStore(trx).demand(opened.id);
    const until = Math.min(at + gateDelayMs(look), now.deadlineAt > at ? now.deadlineAt : Infinity);
    const trouble = stand === 'parked' ? spec.question : undefined;
    const wait = { state: stand, kind: 'gate', what: name, until } as const;
    await putWait(trx, run, { ...wait, ...(trouble !== undefined && { trouble }) }, at);
    return undefined;
  });
  return decision ?? (await left(on, name));
}

async function openGate(
  trx: Db,
  to: {
    readonly on: Advance;
    readonly run: RunRow;
    readonly name: string;
    readonly wish: { readonly spec: GateSpec; readonly stand: Stand };
  },
): Promise<Gate> {
  const { on, run, name } = to;
  const { spec, stand } = to.wish;
  const at = on.clock.now();
  const known = await gateStore(trx).of(run.id, name);
  if (known !== undefined) return known;
  const gate: NewGate = {
    id: on.ids.ulid('gat'),
    runId: run.id,
    name,
    kind: spec.kind,
    question: spec.question,
    subject: spec.subject,
    evidence: spec.evidence,
    options: spec.options,
    role: spec.who.role,
    scope: spec.who.scope,
    region: spec.who.region,
    excluded: spec.who.not ?? [],
    among: spec.who.among,
    quorum: spec.quorum ?? 1,
    onDeadline: spec.onDeadline,
    escalateTo: spec.escalateTo ?? [],
    withinMs: spec.withinMs,
    assignee: spec.assignee,
    at,
  };
  if (stand === 'parked') {
    const { workflow, subject } = run;
    const body = { workflow, subject, step: spec.subject.id, fault: spec.question };
    await putOutbox(trx, { kind: 'run.parked', subject: run.id, at, body });
  }
  return await gateStore(trx).open(gate);
}

/** What the run makes of the gate as it stands; undefined: it waits on. */
async function judged(
  trx: Db,
  gate: Gate,
  by: { readonly run: RunRow; readonly name: string; readonly at: number },
): Promise<Taken | undefined> {
  const { at } = by;
  const store = gateStore(trx);
  if (gate.state === 'decided') {
    await store.take(gate, at);
    const { option = '', decidedBy = [], reason = '', changed } = gate;
    const decision = { kind: 'decided', option, by: decidedBy, reason } as const;
    return changed === undefined ? decision : { ...decision, changed };
  }
  if (gate.state === 'withdrawn') return { kind: 'withdrawn', reason: gate.reason ?? '' };
  if (gate.state === 'expired') return { kind: 'expired' };
  const abort = await handedAbort(trx, by.run, by.name);
  if (abort !== undefined) {
    await store.close(gate, {
      state: 'withdrawn',
      reason: `the run was aborted: ${abort.reason}`,
      at,
    });
    return abort;
  }
  const due = judgeDeadline(gate, at);
  if (due === 'expire') {
    await store.take(await store.close(gate, { state: 'expired', at }), at);
    return { kind: 'expired' };
  }
  if (due === 'escalate') await store.escalate(gate, at);
  if (due === 'overdue') await store.markOverdue(gate, at);
  return undefined;
}

export const escalationOptions = {
  retry: 'retry',
  changed: 'retry_changed',
  skip: 'skip',
  abort: 'abort',
} as const;

/** The gate at which a run parks when a `must` is spent. */
export function escalationSpec(
  on: Advance,
  step: string,
  of: {
    readonly fault: StepFault;
    readonly isSkippable: boolean;
    readonly isChangeable: boolean;
    readonly who: GateWho | undefined;
  },
): GateSpec {
  const { fault, who } = of;
  const { run } = on.turn;
  const { retry, changed, skip, abort } = escalationOptions;
  return {
    kind: 'escalation',
    question: `The step ${step} failed ${fault.attempts} times: ${fault.message}. What now?`,
    subject: { id: step, digest: run.input_digest },
    evidence: [
      { name: 'fault', digest: run.input_digest, body: { ...fault } },
      { name: 'input', digest: run.input_digest, link: `/v1/runs/${run.id}` },
    ],
    options: [
      retry,
      ...(of.isChangeable ? [changed] : []),
      ...(of.isSkippable ? [skip] : []),
      abort,
    ],
    who: who ?? { role: 'engineer' },
    withinMs: escalationMs,
    onDeadline: 'hold',
  };
}
