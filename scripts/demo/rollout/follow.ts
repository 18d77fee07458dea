/** One rollout from its plan to its end: each look of the judge, each decision on the screen. */
import { Fault } from '@fieldloop/core';
import { type Api, until } from '../loop/api.ts';
import { lookAtGates } from './gates.ts';
import type { Scene } from './scene.ts';

export interface Followed {
  readonly id: string;
  readonly state: string;
  readonly reason: string | undefined;
  readonly decisions: readonly Decision[];
  readonly looks: number;
}

export interface Decision {
  readonly seq: number;
  readonly rule: string;
  readonly action: string;
  readonly to: string;
  readonly reason?: string;
  /** What it was made of: of a stage its name. */
  readonly inputs: { readonly stage?: { readonly name: string } | null };
}

interface Planned {
  readonly id: string;
  readonly digest: string;
  readonly targets: number;
  readonly arms: {
    readonly control: number;
    readonly stages: readonly { readonly name: string; readonly devices: number }[];
  };
}

interface Rollout {
  readonly id: string;
  readonly state: string;
  readonly stage?: string;
  readonly phase: string;
  readonly reason?: string;
  readonly counts?: Readonly<Record<string, number>>;
}

interface Look {
  readonly n: number;
  readonly stage?: string;
  readonly outcome: string;
  readonly e: number;
  readonly metrics: Readonly<Record<string, { readonly calm: number }>>;
  readonly counts: {
    readonly counts: Readonly<Record<string, { readonly k: number; readonly x: number }>>;
    readonly assigned: { readonly canary: number; readonly control: number };
  };
}

export interface Following {
  readonly scene: Scene;
  readonly text: string;
  readonly withinMs: number;
  readonly signal: AbortSignal;
  readonly say: (text: string) => void;
}

const ends = ['completed', 'rolled_back', 'rollback_incomplete', 'denied', 'expired', 'cancelled'];

export async function followRollout(of: Following): Promise<Followed> {
  const { scene, text, say, signal, withinMs } = of;
  const { api } = scene.engineer;
  const planned = await api.post<Planned>('/v1/rollouts:plan', { text });
  const { id, digest, arms } = planned;
  const stages = arms.stages.map(({ name, devices }) => `${name} ${devices}`).join(', ');
  say(`  simulated Ines plans ${id}: ${stages} of ${planned.targets}; control ${arms.control}`);
  await api.post('/v1/rollouts', { text, id, digest });
  const told = { looks: 0, decisions: 0, line: '', x: 0, control: 0 };
  const rollout = await until('the end of the rollout', { signal, withinMs }, async () => {
    await lookAtGates(scene, say);
    await tellLooks(api, id, told, say);
    await tellDecisions(api, id, told, say);
    const now = await api.get<Rollout>(`/v1/rollouts/${id}`);
    const line = lineOf(now);
    if (line !== told.line) say(line);
    told.line = line;
    return ends.includes(now.state) ? now : undefined;
  });
  await tellLooks(api, id, told, say);
  const decisions = await tellDecisions(api, id, told, say);
  const { state, reason } = rollout;
  return { id, state, reason, decisions, looks: told.looks };
}

interface Told {
  looks: number;
  decisions: number;
  line: string;
  /** Failures so far, by arm. */
  x: number;
  control: number;
}

function lineOf({ state, stage, phase, counts = {} }: Rollout): string {
  const robots = Object.entries(counts).map(([name, n]) => `${n} ${name.replaceAll('_', ' ')}`);
  const where = stage === undefined || phase === 'none' ? '' : ` ${stage}, ${phase}`;
  return `    ${state.replaceAll('_', ' ')}${where} │ robots: ${robots.join(', ')}`;
}

/** Evidence of harm at which the judge halts, and of calm at which a stage passes: 1 over .05. */
const enough = 20;

async function tellLooks(
  api: Api,
  id: string,
  told: Told,
  say: (text: string) => void,
): Promise<void> {
  const looks = await api.all<Look>(`/v1/rollouts/${id}/verdicts`);
  for (const { n, stage = '', e, metrics, counts, outcome } of looks.slice(told.looks)) {
    const { k = 0, x = 0 } = counts.counts['failed'] ?? {};
    const { canary, control } = counts.assigned;
    told.x += x;
    told.control += k - x;
    const calm = metrics['failed']?.calm ?? 0;
    say(
      `  look ${String(n).padStart(2)} ${stage.padEnd(6)} │ ${canary} exposed, ${control} control │ ` +
        `failures ${told.x} : ${told.control} │ E ${e.toFixed(2)} of ${enough} │ ` +
        `calm ${calm.toFixed(2)} of ${enough} │ ${outcome.replaceAll('_', ' ')}`,
    );
  }
  told.looks = looks.length;
}

async function tellDecisions(
  api: Api,
  id: string,
  told: Told,
  say: (text: string) => void,
): Promise<readonly Decision[]> {
  const decisions = await api.all<Decision>(`/v1/rollouts/${id}/decisions`);
  for (const { action, rule, reason } of decisions.slice(told.decisions)) {
    // Offers, and steps back, come in as many pieces as the limits of the plan make of them.
    if (action === 'offer' || action === 'take_back') continue;
    const why = reason === undefined ? '' : `: ${reason}`;
    say(`  → ${action.replaceAll('_', ' ')} (${rule.replaceAll('_', ' ')})${why}`);
  }
  told.decisions = decisions.length;
  return decisions;
}

/** Fault `internal` unless recorded inputs lead to the same decisions and the same evidence. */
export async function demandReplay(api: Api, id: string): Promise<string> {
  const found = await api.get<{
    readonly agrees: boolean;
    readonly decisions: readonly unknown[];
    readonly verdicts: { readonly intervals: number };
  }>(`/v1/rollouts/${id}/explanation`);
  if (!found.agrees) {
    throw new Fault('internal', `${id} does not replay to what was decided`, {
      remedy: `fieldloop rollouts explain ${id}`,
    });
  }
  return `${found.decisions.length} decisions and ${found.verdicts.intervals} looks replay the same`;
}
