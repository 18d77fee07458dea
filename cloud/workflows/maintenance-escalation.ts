/**
 * A robot that needs a person: from the first report to the proof that it is well, and to what
 * many such cases ask for together. Ends as `resolved`, `not_a_fault`, `decommissioned`, `merged`
 * (another run has the case) or `aborted`. The hold on the robot is lifted by a person alone: an
 * abort leaves it on, and the case is open for whoever closes it by hand.
 */
import type { Json } from '@fieldloop/core';
import { type CaseSeverity, closeCodes, type CloseCode, stateOfCode } from '../case/case.ts';
import { caseAckMs, caseCloseMs, caseRepairMs } from '../care-limits.ts';
import type {
  Aborted,
  Body,
  Decision,
  EffectContext,
  Evidence,
  Flow,
  GateSpec,
  Pending,
} from './kit/flow.ts';

/** What starts it: a case that is there, or what to open one of. */
export type CaseInput =
  | { readonly case: string }
  | {
      readonly alert: string;
      readonly device: string;
      readonly kind: string;
      readonly says: string;
    };

export interface CaseFacts {
  readonly [key: string]: Json;
  readonly id: string;
  /** Another run takes care of it. */
  readonly joined: boolean;
  readonly device: string;
  readonly deviceId: string;
  readonly kind: string;
  readonly severity: CaseSeverity;
  readonly summary: string;
}

/** Where a case stands when there is something to decide. */
export interface Standing {
  readonly [key: string]: Json;
  /** `gone`: the device was revoked or decommissioned. */
  readonly state: 'verified' | 'resolved' | 'not_a_fault' | 'decommissioned' | 'gone';
  /** Digest of the reports that prove it. */
  readonly digest: string;
}

export type Ended = 'resolved' | 'not_a_fault' | 'decommissioned';

export type CaseOutcome =
  | { readonly status: Ended; readonly case: string; readonly proposal?: string }
  | { readonly status: 'merged'; readonly case: string }
  | { readonly status: 'aborted'; readonly by: string; readonly reason: string };

export const caseEvidence = ['rollout', 'telemetry', 'log', 'digests', 'clip'] as const;
export type CaseEvidence = (typeof caseEvidence)[number];

/** What the body acts on. `e.key` makes each of them one effect. */
export interface MaintenanceDeps {
  open(input: CaseInput, e: EffectContext): Promise<CaseFacts>;
  attach(id: string, name: CaseEvidence, e: EffectContext): Promise<{ readonly sha256: string }>;
  hold(id: string, e: EffectContext): Promise<{ readonly held: boolean }>;
  route(
    id: string,
    e: EffectContext,
  ): Promise<{ readonly region: string | null; readonly assignee: string | null }>;
  acknowledge(id: string, by: string, e: EffectContext): Promise<{ readonly by: string }>;
  /** Pending while the robot does not report well and nobody ended the case. */
  look(id: string, e: EffectContext): Promise<Standing | Pending>;
  close(
    id: string,
    closing: { readonly code: CloseCode; readonly cause: string; readonly by: string },
    e: EffectContext,
  ): Promise<{ readonly state: Ended; readonly by: string }>;
  lift(id: string, by: string, e: EffectContext): Promise<{ readonly lifted: boolean }>;
  promote(id: string, e: EffectContext): Promise<{ readonly proposal: string | null }>;
  /** The run gives the case up: it stays open and held. */
  leave(id: string, reason: string, e: EffectContext): Promise<{ readonly left: boolean }>;
}

/** Rounds of repair and asking; then the run gives up in front of people. */
const mostRounds = 8;

export const maintenance: Body<CaseInput, CaseOutcome, MaintenanceDeps> = async (
  flow,
  deps,
  input,
) => {
  const opened = await flow.must('open', async (e) => await deps.open(input, e));
  if (opened.kind === 'aborted') return abortedBy(opened);
  if (opened.kind === 'skipped') return abortedBy(opened);
  const facts = opened.value;
  if (facts.joined) return { status: 'merged', case: facts.id };
  const { id } = facts;
  const evidence = await attached(flow, deps, id);
  const held = await flow.must('hold', async (e) => await deps.hold(id, e), { skippable: true });
  if (held.kind === 'aborted') return await left({ flow, deps, id }, held);
  const routed = await flow.must('route', async (e) => await deps.route(id, e), {
    skippable: true,
  });
  if (routed.kind === 'aborted') return await left({ flow, deps, id }, routed);
  const to = routed.kind === 'done' ? routed.value : { region: null, assignee: null };
  const taken = await flow.gate('acknowledge', acknowledgeGate(facts, { evidence, to }));
  if (taken.kind === 'aborted') return await left({ flow, deps, id }, taken);
  if (taken.kind === 'decided') {
    const by = taken.by[0] ?? '';
    const done = await flow.must('acknowledged', async (e) => await deps.acknowledge(id, by, e));
    if (done.kind === 'aborted') return await left({ flow, deps, id }, done);
  }
  return await repaired({ flow, deps, id }, { facts, evidence, to });
};

interface At {
  readonly flow: Flow;
  readonly deps: MaintenanceDeps;
  readonly id: string;
}

interface Known {
  readonly facts: CaseFacts;
  readonly evidence: readonly Evidence[];
  readonly to: { readonly region: string | null; readonly assignee: string | null };
}

/** Each piece by itself: one that cannot be had is missing, and says so by not being there. */
async function attached(flow: Flow, deps: MaintenanceDeps, id: string): Promise<Evidence[]> {
  const evidence: Evidence[] = [];
  for (const name of caseEvidence) {
    const done = await flow.act(`attach/${name}`, async (e) => await deps.attach(id, name, e));
    const link = `/v1/cases/${id}/evidence`;
    if (done.ok) evidence.push({ name, digest: done.value.sha256, link });
  }
  return evidence;
}

/** Work until the robot reports well; then a person says what it was. */
async function repaired(at: At, known: Known): Promise<CaseOutcome> {
  const { flow, deps, id } = at;
  for (let round = 1; round <= mostRounds; round += 1) {
    const watched = await flow.watch(`verify/${round}`, async (e) => await deps.look(id, e), {
      withinMs: caseRepairMs,
      on: [
        { kind: 'device.reported', subject: known.facts.deviceId },
        { kind: 'device.online', subject: known.facts.deviceId },
        { kind: 'case.closed', subject: id },
      ],
    });
    if (watched.kind === 'aborted') return await left(at, watched);
    const standing = watched.kind === 'seen' ? watched.value : undefined;
    if (standing !== undefined && standing.state !== 'verified') {
      return await closed(at, closingOf(standing.state));
    }
    const spec = closeGate(known, standing);
    const said = await flow.gate(`close/${round}`, spec);
    if (said.kind === 'aborted') return await left(at, said);
    const code = codeOf(said);
    if (code !== undefined && said.kind === 'decided') {
      const by = said.by[0] ?? '';
      return await closed(at, { code, cause: said.reason, by });
    }
  }
  const reason = `nobody ended it in ${mostRounds} rounds`;
  return await left(at, { kind: 'aborted', by: 'system', reason });
}

/** What a state that was reached without the gate says. */
function closingOf(state: Exclude<Standing['state'], 'verified'>) {
  const by = 'system';
  if (state === 'gone') {
    return { code: 'decommissioned' as const, cause: 'the device is out of service', by };
  }
  return {
    code: state === 'resolved' ? ('repaired' as const) : state,
    cause: 'closed by hand',
    by,
  };
}

async function closed(
  at: At,
  closing: { readonly code: CloseCode; readonly cause: string; readonly by: string },
): Promise<CaseOutcome> {
  const { flow, deps, id } = at;
  const done = await flow.must('closed', async (e) => await deps.close(id, closing, e));
  if (done.kind !== 'done') return await left(at, done);
  const { state, by } = done.value;
  if (state !== 'decommissioned') {
    const back = await flow.must('return', async (e) => await deps.lift(id, by, e), {
      skippable: true,
    });
    if (back.kind === 'aborted') return await left(at, back);
  }
  const promoted = await flow.must('promote', async (e) => await deps.promote(id, e), {
    skippable: true,
  });
  const proposal = promoted.kind === 'done' ? promoted.value.proposal : null;
  return {
    status: state,
    case: id,
    ...(proposal === null ? {} : { proposal }),
  };
}

type Stop = Aborted | { readonly kind: 'skipped'; readonly by: string; readonly reason: string };

async function left({ flow, deps, id }: At, stop: Stop): Promise<CaseOutcome> {
  await flow.act('leave', async (e) => await deps.leave(id, stop.reason, e));
  return abortedBy(stop);
}

const abortedBy = ({ by, reason }: Stop): CaseOutcome => ({ status: 'aborted', by, reason });

function acknowledgeGate(
  facts: CaseFacts,
  { evidence, to }: Pick<Known, 'evidence' | 'to'>,
): GateSpec {
  return {
    kind: 'acknowledge',
    question: `${facts.device}: ${facts.summary}. Who takes care of it?`,
    subject: { id: facts.id, digest: digestOf(evidence) },
    evidence,
    options: ['acknowledge'],
    who: { role: 'engineer', ...(to.region === null ? {} : { region: to.region }) },
    withinMs: caseAckMs[facts.severity],
    onDeadline: 'escalate',
    escalateTo: ['release_manager', 'admin'],
    ...(to.assignee === null ? {} : { assignee: to.assignee }),
  };
}

function closeGate({ facts, evidence, to }: Known, standing: Standing | undefined): GateSpec {
  const proof = standing === undefined ? [] : [{ name: 'reports', digest: standing.digest }];
  const codes = closeCodes.filter(
    (code) => standing !== undefined || stateOfCode(code) !== 'resolved',
  );
  return {
    kind: 'close_case',
    question:
      standing === undefined
        ? `${facts.device} does not report well yet. What becomes of it?`
        : `${facts.device} reports well. What was it?`,
    subject: { id: facts.id, digest: standing?.digest ?? digestOf(evidence) },
    evidence: [...evidence, ...proof],
    options: [...codes, 'more_work'],
    who: { role: 'engineer', ...(to.region === null ? {} : { region: to.region }) },
    withinMs: caseCloseMs,
    onDeadline: 'escalate',
    escalateTo: ['release_manager', 'admin'],
    ...(to.assignee === null ? {} : { assignee: to.assignee }),
  };
}

function codeOf(said: Decision): CloseCode | undefined {
  return said.kind === 'decided' ? closeCodes.find((code) => code === said.option) : undefined;
}

/** Gates are about what was known when they opened. */
const digestOf = (evidence: readonly Evidence[]): string =>
  evidence.find(({ name }) => name === 'digests')?.digest ?? evidence[0]?.digest ?? 'none';
