/**
 * Simulated people at the gates of a rollout. Each reads what the gate shows and decides by a rule
 * that is said on the screen; they use the public API alone.
 */
import { decideGate, type Gate, openGates, type Person } from '../loop/people.ts';
import type { Scene } from './scene.ts';

interface Answer {
  readonly option: string;
  readonly reason: string;
}

interface Shown {
  readonly subject: { readonly id: string };
  readonly evidence: readonly { readonly name: string; readonly body?: unknown }[];
}

interface Rollout {
  readonly plan: {
    readonly control: { readonly percent: number };
    readonly stages: readonly { readonly percent?: number }[];
  };
}

/** Evidence against it that is still taken for chance. */
const mostEvidence = 2;

/** One look of both; tells what they decided. */
export async function lookAtGates(scene: Scene, say: (text: string) => void): Promise<void> {
  for (const person of scene.approvers) {
    for (const gate of await openGates(person)) {
      const answer = await answerTo(person, gate);
      if (!(await decideGate(person, gate, answer))) continue;
      say(`  ? ${gate.question}`);
      say(`    simulated ${person.name} says ${answer.option}: ${answer.reason}`);
    }
  }
}

async function answerTo(person: Person, gate: Gate): Promise<Answer> {
  if (gate.kind === 'rollout_plan') return await onPlan(person, gate);
  if (gate.kind === 'rollout_inconclusive') return await onDoubt(person, gate);
  return { option: 'hold', reason: `no rule for a gate of kind ${gate.kind}` };
}

/** Everybody at once only where nobody has anything yet; else a small canary and a control. */
async function onPlan({ api }: Person, { id }: Gate): Promise<Answer> {
  const { subject } = await api.get<Shown>(`/v1/gates/${id}`);
  const { plan } = await api.get<Rollout>(`/v1/rollouts/${subject.id}`);
  const first = plan.stages[0]?.percent ?? 100;
  if (plan.stages.length === 1) {
    return { option: 'approve', reason: 'no robot has a program yet: nothing to compare with' };
  }
  if (plan.control.percent > 0 && first <= 25) {
    return { option: 'approve', reason: `${first} % first, ${plan.control.percent} % stay behind` };
  }
  return { option: 'reject', reason: 'too many at once, or no control' };
}

async function onDoubt({ api }: Person, { id }: Gate): Promise<Answer> {
  const { evidence } = await api.get<Shown>(`/v1/gates/${id}`);
  const verdict = evidence.find(({ name }) => name === 'verdict')?.body as { e?: number } | null;
  const e = verdict?.e ?? Number.POSITIVE_INFINITY;
  const found = `the evidence against it is ${e.toFixed(2)}`;
  return e < mostEvidence
    ? { option: 'promote', reason: `inconclusive, but ${found}, under ${mostEvidence}` }
    : { option: 'rollback', reason: `inconclusive, and ${found}, not under ${mostEvidence}` };
}
