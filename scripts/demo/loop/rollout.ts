/** One robot first, then all: each fetches the model by hash and swaps it while it drives. */
import { Fault } from '@fieldloop/core';
import { until } from './api.ts';
import { demandCalm } from './gates.ts';
import { model } from './prepare.ts';
import { failureKind } from './rules.ts';
import type { Stage } from './stage.ts';
import type { Release, With } from './training.ts';

interface Target {
  readonly device: string;
  readonly state: string;
  readonly stage?: string;
  readonly fault?: { readonly message: string };
}

interface Rollout {
  readonly id: string;
  readonly state: string;
  readonly stage?: string;
  readonly phase: string;
  readonly reason?: string;
}

interface Planned {
  readonly id: string;
  readonly digest: string;
  readonly notes: readonly string[];
  readonly arms: {
    readonly stages: readonly {
      readonly name: string;
      readonly devices: number;
      readonly decides: string;
    }[];
  };
}

const rolloutMs = 150_000;

const planOf = ({ name, releaseVersion }: Release): string =>
  JSON.stringify({
    apiVersion: 'fieldloop.rollout/v1',
    kind: 'Rollout',
    release: `${name}@${releaseVersion}`,
    selector: 'state=active',
    control: { percent: 0, min: 0 },
    stages: [
      { name: 'canary', percent: 34, bake: '15s' },
      { name: 'all', percent: 100 },
    ],
    // Three robots show the judge nothing: it says so, and a release manager looks.
    analysis: {
      interval: '5s',
      metrics: [{ name: failureKind, source: `event:${failureKind}`, weightBp: 10_000 }],
    },
    onInconclusive: { canary: 'human' },
    deadlines: { contact: '1m', install: '2m', offer: '1d' },
    hardStops: { rejected: 1, failed: 1, rolled_back: 1, silent_after_activate: 1 },
  });

/** Ends completed, with every robot measured to run the model; gives the rollout's id. */
export async function rollOut(
  at: Stage,
  {
    staff,
    gates,
    release,
    candidate,
  }: With & { readonly release: Release; readonly candidate: string },
): Promise<string> {
  const { stage, say, signal } = at;
  const { api } = staff.engineer;
  stage('Rollout: a canary, then every robot; by hash, swapped while they drive');
  const text = planOf(release);
  const planned = await api.post<Planned>('/v1/rollouts:plan', { text });
  say(`  simulated Ines plans ${planned.id}`);
  for (const { name, devices, decides } of planned.arms.stages) {
    say(`    ${name}: ${devices} of 3 robots; ${decides}`);
  }
  for (const note of planned.notes) say(`    ${note}`);
  const { id, digest } = planned;
  await api.post('/v1/rollouts', { text, id, digest });
  const told = new Set<string>();
  const tell = (line: string): void => {
    if (told.has(line)) return;
    told.add(line);
    say(line);
  };
  await until('the end of the rollout', { signal, withinMs: rolloutMs }, async () => {
    const rollout = await api.get<Rollout>(`/v1/rollouts/${id}`);
    tell(`  ${rollout.state} ${rollout.stage ?? ''} ${rollout.phase}`);
    const targets = await api.all<Target>(`/v1/rollouts/${id}/targets`);
    for (const { device, state, fault } of targets) {
      if (state === 'frozen' || state === 'eligible') continue;
      tell(`    ${device} ${state}${fault === undefined ? '' : `: ${fault.message}`}`);
    }
    const bad = ['halted', 'rolling_back', 'rolled_back', 'denied', 'expired', 'cancelled'];
    if (bad.includes(rollout.state)) {
      throw new Fault('conflict', `${id} is ${rollout.state}: ${rollout.reason ?? ''}`, {
        remedy: `fieldloop rollouts explain ${id}`,
      });
    }
    demandCalm(gates);
    return rollout.state === 'completed' ? true : undefined;
  });
  const { onnx } = await api.get<{ onnx: { sha256: string } }>(`/v1/modelVersions/${candidate}`);
  for (const { name } of at.site.agents) {
    const { items } = await api.get<{ items: { key: string; value: unknown }[] }>(
      `/v1/devices/${name}/properties`,
    );
    const runs = items.find(({ key }) => key === `models.${model}`)?.value;
    if (runs !== onnx.sha256) {
      throw new Fault('conflict', `${name} runs ${String(runs)}`, { remedy: 'Report it.' });
    }
    say(`  ${name} measures that it runs ${onnx.sha256.slice(0, 12)}`);
  }
  return id;
}
