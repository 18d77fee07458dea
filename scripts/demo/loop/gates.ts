/** Gates at which the loop waits for people; the simulated ones read what there is, and decide. */
import { setTimeout as delay } from 'node:timers/promises';
import { asFault, Fault, faultLine } from '@fieldloop/core';
import type { Api } from './api.ts';
import {
  type Answer,
  type Canary,
  type Evaluated,
  type Finding,
  type Plan,
  signEvaluation,
  signPlan,
  signRelease,
  signStage,
  signVersion,
} from './judgement.ts';
import { decideGate, type Gate, openGates, type Person, type Staff } from './people.ts';
import type { Stage } from './stage.ts';

export interface Gates extends AsyncDisposable {
  /** Set by what ends the loop without success: a no, or work that failed. */
  readonly trouble: () => string | undefined;
}

/** Throws when a person said no, or when the loop waits for what no rule covers. */
export function demandCalm(gates: Gates): void {
  const trouble = gates.trouble();
  if (trouble === undefined) return;
  throw new Fault('conflict', trouble, {
    remedy: 'fieldloop gates list and fieldloop runs list show it.',
  });
}

/** Of each kind of gate: what is read, and the answer; others stay open. */
const readers: Readonly<Record<string, (api: Api, gate: Gate) => Promise<Answer>>> = {
  sign_off: async (api, { subject }) => {
    const { gates } = await api.get<{
      gates: readonly { gate: string; outcome: string; reason: string }[];
    }>(`/v1/datasetVersions/${subject.id}`);
    return signVersion(gates.map(({ gate, ...rest }): Finding => ({ name: gate, ...rest })));
  },
  inconclusive: async (api, { subject }) => {
    const { evaluation } = await api.get<{ evaluation: string }>(`/v1/modelVersions/${subject.id}`);
    return signEvaluation(await api.get<Evaluated>(`/v1/evaluations/${evaluation}`));
  },
  approval: readApproval,
  rollout_plan: async (api, { subject }) => {
    const rollout = await api.get<{ plan: Plan; planDigest: string }>(`/v1/rollouts/${subject.id}`);
    return signPlan(rollout.plan, { asked: subject.digest, shown: rollout.planDigest });
  },
  rollout_inconclusive: readStage,
  rollout_human: readStage,
};

async function readApproval(api: Api, { subject }: Gate): Promise<Answer> {
  const release = await api.get<{
    digest: string;
    evidence: Readonly<Record<string, { id?: string; sha256?: string } | undefined>>;
  }>(`/v1/releases/${subject.id}`);
  const [, named] =
    Object.entries(release.evidence).find(([name]) => name.startsWith('evaluation.')) ?? [];
  const evaluation = await api.get<Evaluated & { sha256: string }>(
    `/v1/evaluations/${named?.id ?? ''}`,
  );
  return signRelease({
    asked: subject.digest,
    release: release.digest,
    named: named?.sha256,
    read: evaluation.sha256,
    evaluation,
  });
}

interface Target {
  readonly device: string;
  readonly state: string;
  readonly fault?: { readonly message: string };
  readonly activatedAt?: string;
}

async function readStage(api: Api, { subject }: Gate): Promise<Answer> {
  const targets = await api.all<Target>(`/v1/rollouts/${subject.id}/targets`);
  const failures = await api.all<{ device: string; startNs: string }>('/v1/failures');
  const seen = targets.filter(({ activatedAt, fault }) => activatedAt ?? fault);
  return signStage(
    seen.map(({ device, state, fault, activatedAt }): Canary => {
      const since = BigInt(Date.parse(activatedAt ?? '') || 0) * 1_000_000n;
      const own = failures.filter((one) => one.device === device && BigInt(one.startNs) >= since);
      return {
        device,
        state,
        fault: fault?.message,
        failures: activatedAt === undefined ? undefined : own.length,
      };
    }),
  );
}

/** The gate at which a run of the loop waits when its work failed. */
const failed = 'failed';

const signs = ['approve', 'go_on', 'promote'];

export function followGates({ say, signal }: Stage, staff: Staff): Gates {
  const stopping = new AbortController();
  const both = AbortSignal.any([signal, stopping.signal]);
  let trouble: string | undefined;
  const left = new Set<string>();
  const leave = ({ id, kind, question }: Pick<Gate, 'id' | 'kind' | 'question'>): void => {
    if (left.has(id)) return;
    left.add(id);
    say(`  ? ${question.slice(0, 400)}`);
    say('    nobody in the demo answers this: it stays open');
    if (kind === failed) trouble ??= question;
  };
  const look = async (person: Person): Promise<void> => {
    for (const { id, kind, question } of await openGates(person)) {
      const read = readers[kind];
      if (read === undefined) {
        leave({ id, kind, question });
        continue;
      }
      const gate = await person.api.get<Gate>(`/v1/gates/${id}`);
      const answer = await read(person.api, gate);
      if (!(await decideGate(person, gate, answer))) continue;
      say(`  ? ${question.slice(0, 400)}`);
      say(`    simulated ${person.name} says ${answer.option}: ${answer.reason}`);
      if (!signs.includes(answer.option)) {
        trouble ??= `simulated ${person.name} said ${answer.option} (${kind}): ${answer.reason}`;
      }
    }
  };
  const following = (async () => {
    while (!both.aborted) {
      try {
        for (const person of [staff.reviewer, staff.manager]) await look(person);
      } catch (error) {
        if (!both.aborted) trouble ??= faultLine(asFault(error));
      }
      await delay(700, undefined, { signal: both }).catch(() => undefined);
    }
  })();
  return {
    trouble: () => trouble,
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await following;
    },
  };
}
