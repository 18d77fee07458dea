/**
 * What may not be read by everybody is asked for: rules, people, a grant, and its end. Closed is
 * what holds without an active grant, so every way out of here that is not `granted_and_ended`
 * leaves it closed. Ends as `granted_and_ended`, `denied`, `expired`, `revoked`, `failed_closed` or
 * `aborted`.
 */
import type { Json } from '@fieldloop/core';
import type { PolicyEffect, ReviewKind, ReviewState } from '../review/review.ts';
import { reviewBuildMs, reviewLookMs } from '../care-limits.ts';
import type { Body, EffectContext, Evidence, Flow, GateSpec, Pending } from './kit/flow.ts';

export interface ReviewInput {
  readonly [key: string]: Json;
  readonly review: string;
}

export interface FrozenScope {
  readonly [key: string]: Json;
  /** Another run takes care of it. */
  readonly taken: boolean;
  readonly kind: ReviewKind;
  readonly requester: string;
  readonly requesterPerson: string | null;
  readonly rationale: string;
  readonly scopeSha256: string;
  readonly count: number;
  readonly regions: readonly string[];
  readonly topics: readonly string[] | null;
  /** The requester's earlier reviews and how they ended. */
  readonly earlier: readonly Json[];
  /** Five working days from now. */
  readonly withinMs: number;
  readonly leaseMs: number;
}

export interface Checked {
  readonly [key: string]: Json;
  readonly effect: PolicyEffect;
  readonly policyVersion: number;
  readonly policySha256: string;
  readonly findings: readonly Json[];
  readonly digest: string;
  /** Who decides for the customers of the regions. */
  readonly owners: readonly string[];
}

export type ReviewOutcome = {
  readonly status: Exclude<ReviewState, 'requested' | 'waiting' | 'granted'>;
  readonly review: string;
  readonly reason: string;
  readonly by?: string;
};

/** What the body acts on. `e.key` makes each of them one effect. */
export interface ComplianceDeps {
  freeze(review: string, e: EffectContext): Promise<FrozenScope>;
  check(review: string, e: EffectContext): Promise<Checked>;
  /** The scope and the rules as they are now, for people who have not decided yet. */
  evidence(review: string): Promise<readonly Evidence[]>;
  /** Writes the grant, closed. `changed`: the scope is another one than the approved. */
  grant(
    review: string,
    of: { readonly scopeSha256: string; readonly approvers: readonly string[] },
    e: EffectContext,
  ): Promise<{ readonly changed: boolean; readonly next: string | null }>;
  /** Starts the export of the scope; other kinds build nothing. */
  build(review: string, e: EffectContext): Promise<{ readonly subject: string | null }>;
  built(review: string, e: EffectContext): Promise<{ readonly ok: boolean } | Pending>;
  activate(review: string, e: EffectContext): Promise<{ readonly expiresAt: number }>;
  /** Pending while the grant is open. */
  over(review: string, e: EffectContext): Promise<{ readonly by: string | null } | Pending>;
  revoke(review: string, e: EffectContext): Promise<{ readonly revoked: boolean }>;
  /** Deletes a built export. */
  discard(review: string, e: EffectContext): Promise<{ readonly discarded: boolean }>;
  /** Tries the read; a Fault when it is not denied. */
  prove(review: string, e: EffectContext): Promise<{ readonly denied: boolean }>;
  end(
    review: string,
    end: { readonly state: ReviewState; readonly reason: string },
    e: EffectContext,
  ): Promise<{ readonly state: ReviewState }>;
}

interface At {
  readonly flow: Flow;
  readonly deps: ComplianceDeps;
  readonly review: string;
}

type Ending = Omit<ReviewOutcome, 'review'>;

export const compliance: Body<ReviewInput, ReviewOutcome, ComplianceDeps> = async (
  flow,
  deps,
  { review },
) => {
  const at = { flow, deps, review };
  const frozen = await flow.must('freeze', async (e) => await deps.freeze(review, e));
  if (frozen.kind !== 'done') return await ended(at, abortedBy(frozen));
  if (frozen.value.taken) return { status: 'aborted', review, reason: 'another run has it' };
  const checked = await flow.must('check', async (e) => await deps.check(review, e));
  if (checked.kind !== 'done') return await ended(at, abortedBy(checked));
  const { effect } = checked.value;
  if (effect === 'deny')
    return await ended(at, { status: 'denied', reason: clauses(checked.value) });
  const approved =
    effect === 'allow'
      ? { approvers: [] }
      : await approval(at, { scope: frozen.value, checked: checked.value });
  if ('status' in approved) return await ended(at, approved);
  return await granted(at, frozen.value, approved.approvers);
};

/** The customer's named owner, then an admin; never who asked, and never one person twice. */
async function approval(
  at: At,
  of: { readonly scope: FrozenScope; readonly checked: Checked },
): Promise<{ readonly approvers: readonly string[] } | Ending> {
  const { requester, requesterPerson } = of.scope;
  const { owners } = of.checked;
  const approvers: string[] = [];
  if (owners.length > 0) {
    const others = owners.filter((one) => one !== requester && one !== requesterPerson);
    const [assignee] = others;
    if (assignee === undefined) {
      return { status: 'denied', reason: 'who asks is the only owner of what is asked for' };
    }
    const said = await asked(at, of, { who: 'owner', approvers, assignee });
    if (typeof said !== 'string') return said;
    approvers.push(said);
  }
  const said = await asked(at, of, { who: 'admin', approvers });
  return typeof said === 'string' ? { approvers: [...approvers, said] } : said;
}

/** Times that the owner's gate is opened anew when somebody else answered in their place. */
const mostAsked = 5;

/** The person who approved, or how the review ends. */
async function asked(
  { flow, deps, review }: At,
  of: { readonly scope: FrozenScope; readonly checked: Checked },
  whom: {
    readonly who: 'owner' | 'admin';
    readonly approvers: readonly string[];
    readonly assignee?: string;
  },
): Promise<string | Ending> {
  const { who, assignee } = whom;
  for (let n = 1; n <= mostAsked; n += 1) {
    const name = n === 1 ? `approve/${who}` : `approve/${who}/${n}`;
    const found = await flow.act(`evidence/${name}`, async () => await evidenceOf(deps, review));
    const evidence = found.ok ? (found.value as unknown as readonly Evidence[]) : [];
    const said = await flow.gate(name, {
      ...approvalGate(of, { review, evidence, ...whom }),
      ...(assignee === undefined ? {} : { assignee }),
      refresh: async () => await deps.evidence(review),
    });
    if (said.kind === 'aborted') return abortedBy(said);
    if (said.kind === 'withdrawn') return { status: 'denied', reason: said.reason };
    if (said.kind === 'expired') return { status: 'expired', reason: 'nobody decided in time' };
    const [by = ''] = said.by;
    if (who === 'admin' || of.checked.owners.includes(by)) {
      return said.option === 'approve' ? by : { status: 'denied', reason: said.reason, by };
    }
  }
  return { status: 'expired', reason: 'the owner of what is asked for did not decide' };
}

const evidenceOf = async (deps: ComplianceDeps, review: string): Promise<Json> =>
  await deps.evidence(review);

async function granted(
  at: At,
  scope: FrozenScope,
  approvers: readonly string[],
): Promise<ReviewOutcome> {
  const { flow, deps, review } = at;
  const { scopeSha256 } = scope;
  const wrote = await flow.must(
    'grant',
    async (e) => await deps.grant(review, { scopeSha256, approvers }, e),
  );
  if (wrote.kind !== 'done') return await closed(at, abortedBy(wrote));
  if (wrote.value.changed) {
    const reason = `what is asked for changed after the approval: ${wrote.value.next ?? ''}`;
    return await closed(at, { status: 'failed_closed', reason });
  }
  const built = await flow.must('build', async (e) => await deps.build(review, e));
  if (built.kind !== 'done') return await closed(at, abortedBy(built));
  if (built.value.subject !== null) {
    const ready = await flow.watch('built', async (e) => await deps.built(review, e), {
      withinMs: reviewBuildMs,
      everyMs: reviewLookMs,
      on: [{ kind: 'export.ready', subject: built.value.subject }],
    });
    if (ready.kind === 'aborted') return await closed(at, abortedBy(ready));
    if (ready.kind === 'expired' || !ready.value.ok) {
      return await closed(at, { status: 'failed_closed', reason: 'the export was not built' });
    }
  }
  const active = await flow.must('activate', async (e) => await deps.activate(review, e));
  if (active.kind !== 'done') return await closed(at, abortedBy(active));
  const over = await flow.watch('used', async (e) => await deps.over(review, e), {
    withinMs: scope.leaseMs,
    on: [{ kind: 'review.revoked', subject: review }],
  });
  if (over.kind === 'aborted') return await closed(at, abortedBy(over));
  const by = over.kind === 'seen' ? over.value.by : null;
  if (by !== null) return await closed(at, { status: 'revoked', reason: 'closed early', by });
  return await closed(at, { status: 'granted_and_ended', reason: 'the lease ended' });
}

/**
 * Revoked always. When that cannot be done the lease ends by itself, and a person is told: the
 * review then ended as `failed_closed` for good.
 */
async function closed(at: At, ending: Ending): Promise<ReviewOutcome> {
  const { flow, deps, review } = at;
  const revoked = await flow.must('revoke', async (e) => await deps.revoke(review, e), undo);
  await flow.act('discard', async (e) => await deps.discard(review, e), undo);
  const proved = await flow.must('prove', async (e) => await deps.prove(review, e), undo);
  const isProved = revoked.kind === 'done' && proved.kind === 'done';
  if (isProved) return await ended(at, ending);
  const reason = `${ending.reason}; that it is closed could not be proved`;
  return await ended(at, { status: 'failed_closed', reason });
}

const undo = { attempts: 10 } as const;

async function ended(at: At, ending: Ending): Promise<ReviewOutcome> {
  const { flow, deps, review } = at;
  const { status: state, reason } = ending;
  await flow.act('end', async (e) => await deps.end(review, { state, reason }, e), undo);
  return { ...ending, review };
}

const abortedBy = (of: { readonly by: string; readonly reason: string }): Ending => ({
  status: 'aborted',
  reason: of.reason,
  by: of.by,
});

const clauses = ({ findings }: Checked): string =>
  findings
    .map((one) => one as { readonly clause?: string; readonly effect?: string })
    .filter(({ effect }) => effect === 'deny')
    .map(({ clause }) => clause ?? '')
    .join('; ') || 'the policy';

function approvalGate(
  { scope }: { readonly scope: FrozenScope },
  at: {
    readonly review: string;
    readonly evidence: readonly Evidence[];
    readonly approvers: readonly string[];
    readonly who: 'owner' | 'admin';
  },
): GateSpec {
  const where = scope.regions.length === 0 ? '' : ` of ${scope.regions.join(', ')}`;
  const { requester, requesterPerson } = scope;
  const own = requesterPerson === null ? [requester] : [requester, requesterPerson];
  return {
    kind: 'compliance',
    question: `${scope.kind}${where}, ${scope.count} items: ${scope.rationale}`,
    subject: { id: at.review, digest: scope.scopeSha256 },
    evidence: at.evidence,
    options: ['approve', 'reject'],
    who: {
      ...(at.who === 'admin' ? { role: 'admin' } : { scope: 'reviews:approve' }),
      not: [...own, ...at.approvers],
      ...(scope.regions.length === 0 ? {} : { region: scope.regions.join(', ') }),
    },
    withinMs: scope.withinMs,
    onDeadline: 'reject',
  };
}
