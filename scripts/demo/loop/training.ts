/** From labels to a release: a version, a training, an evaluation, and two people's approval. */
import { Fault } from '@fieldloop/core';
import { until } from './api.ts';
import { demandCalm, type Gates } from './gates.ts';
import type { Staff } from './people.ts';
import { dataset, model } from './prepare.ts';
import type { Stage } from './stage.ts';

export interface With {
  readonly staff: Staff;
  readonly gates: Gates;
}

interface Version {
  readonly id: string;
  readonly state: string;
  readonly outcome: string;
  readonly gates: readonly {
    readonly gate: string;
    readonly outcome: string;
    readonly reason: string;
  }[];
}

interface Training {
  readonly id: string;
  readonly state: string;
  readonly modelVersion?: string;
  readonly problem?: { readonly message: string };
}

const buildMs = 90_000;
const trainMs = 150_000;
const releaseMs = 180_000;

/** The model version that came out of the training. */
export async function candidateOf(at: Stage, { staff, gates }: With): Promise<string> {
  const { stage, say, signal } = at;
  const { api } = staff.engineer;
  stage('A data set version: a snapshot by hash, with its gates');
  const version = await until('a version', { signal, withinMs: buildMs }, async () => {
    demandCalm(gates);
    const path = `/v1/datasetVersions?dataset=${dataset}&limit=1`;
    const [found] = (await api.get<{ items: Version[] }>(path)).items;
    return found?.state === 'ready' ? found : undefined;
  });
  say(`  ${version.id.slice(0, 12)} is ${version.outcome}`);
  for (const { gate, outcome, reason } of version.gates) {
    say(`    ${outcome.padEnd(12)} ${gate}: ${reason}`);
  }
  stage('Training: the built-in trainer begins with the weights of the champion');
  const trained = await until('a trained model', { signal, withinMs: trainMs }, async () => {
    demandCalm(gates);
    const [found] = (await api.get<{ items: Training[] }>('/v1/trainings?limit=1')).items;
    if (found?.state === 'failed') {
      throw new Fault('internal', `${found.id} failed: ${found.problem?.message ?? ''}`, {
        remedy: `fieldloop trainings get ${found.id}`,
      });
    }
    return found?.modelVersion === undefined ? undefined : found;
  });
  say(`  ${trained.id} made ${model} ${trained.modelVersion ?? ''}`);
  return trained.modelVersion ?? '';
}

export interface Release {
  readonly id: string;
  readonly name: string;
  readonly releaseVersion: string;
  readonly state: string;
  readonly digest: string;
}

interface Evaluation {
  readonly id: string;
  readonly outcome: string;
  readonly gates?: readonly {
    readonly name: string;
    readonly outcome: string;
    readonly reason: string;
  }[];
}

export async function trainedRelease(
  at: Stage,
  { staff, gates, candidate }: With & { readonly candidate: string },
): Promise<Release> {
  const { stage, say, signal } = at;
  const { api } = staff.engineer;
  stage('Evaluation on the test drives and on every logged failure; then two people approve');
  let isTold = false;
  const release = await until('an approved release', { signal, withinMs: releaseMs }, async () => {
    demandCalm(gates);
    const path = '/v1/evaluations?limit=1';
    const [evaluation] = (await api.get<{ items: Evaluation[] }>(path)).items;
    if (evaluation !== undefined && !isTold) {
      isTold = true;
      say(`  ${evaluation.id}: ${evaluation.outcome}`);
      for (const { name, outcome, reason } of evaluation.gates ?? []) {
        say(`    ${outcome.padEnd(12)} ${name}: ${reason}`);
      }
      if (evaluation.outcome === 'fail') {
        throw new Fault('conflict', `${candidate} failed its evaluation`, {
          remedy: `fieldloop evaluations get ${evaluation.id}`,
        });
      }
    }
    const [found] = (await api.get<{ items: Release[] }>('/v1/releases?limit=1')).items;
    return found?.state === 'released' ? found : undefined;
  });
  say(`  ${release.name}@${release.releaseVersion} (${release.id}) is released`);
  return release;
}
