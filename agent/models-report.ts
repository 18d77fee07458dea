/** What this robot says of its models: digests of what runs, and what became of the cloud's wish. */
import { canonicalJson, type Json, sha256Hex } from '@fieldloop/core';
import { artifactsOf, type ModelsReport, type ShadowModel } from '@fieldloop/proto';
import type { SectionDocument } from './buffer/buffer.ts';
import type { ModelFigures } from './health/status.ts';
import type { DataProgress } from './messages.ts';
import type { ModelsInUse } from './models-types.ts';
import type { ShadowFigures } from './score/shadow.ts';
import { stateOf } from './update/plan.ts';

export function modelFigures(
  models: ModelsInUse,
  progress: DataProgress | undefined,
): ModelFigures {
  const { crew, state } = models;
  const ready = crew?.models ?? [];
  const since = crew?.sinceMs ?? 0;
  const running = Object.fromEntries(
    ready.map(({ id, sha256, documentSha256, version }) => [
      id,
      { sha256, documentSha256, version, since },
    ]),
  );
  const { state: word, set, fault = models.trouble } = stateOf(state);
  const shadow = shadowOf(models, progress);
  return {
    running,
    state: word,
    ...(set.release === undefined ? {} : { release: set.release }),
    ...(set.rollout === undefined ? {} : { rollout: set.rollout }),
    ...(set.attempt === undefined ? {} : { attempt: set.attempt }),
    ...(word === 'downloading' ? { downloaded: downloaded(models) } : {}),
    ...(word === 'running' ? { proven: state.isProven } : {}),
    ...(fault === undefined ? {} : { fault }),
    ...(shadow === undefined ? {} : { shadow }),
  };
}

/**
 * `models` lists what runs for readers of earlier versions. The digest is that of the files that
 * run, so robots with the same models have the same one.
 */
export function modelsDocument(
  models: ModelsInUse,
  progress: DataProgress | undefined,
): SectionDocument {
  const ready = models.crew?.models ?? [];
  const list = ready.map(({ id, version, sha256 }) => ({ id, version, sha256 }));
  const document = { models: list, ...modelFigures(models, progress) } as unknown as Readonly<
    Record<string, Json>
  >;
  const files = ready.map(({ id, sha256, documentSha256 }) => [id, { sha256, documentSha256 }]);
  return { ...document, digest: sha256Hex(canonicalJson(Object.fromEntries(files) as Json)) };
}

/** In steps of a tenth, so that a download is not a row each second. */
function downloaded({ state, shelf }: ModelsInUse): number {
  const refs = state.wanted === undefined ? [] : artifactsOf(state.wanted);
  const whole = refs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return whole === 0 ? 0 : Math.floor((shelf.heldBytes(refs) / whole) * 10) / 10;
}

function shadowOf(
  { state, shadowCrew, shelf }: ModelsInUse,
  progress: DataProgress | undefined,
): ModelsReport['shadow'] {
  const { shadow, shadowFault } = state;
  if (shadow === undefined) return undefined;
  const isHere = artifactsOf(shadow).every(({ sha256 }) => shelf.has(sha256));
  const loaded = shadowCrew === undefined ? 'checking' : 'running';
  const word = isHere ? loaded : 'downloading';
  const sinceMs = shadowCrew?.sinceMs ?? 0;
  return {
    ...(shadow.rollout === undefined ? {} : { rollout: shadow.rollout }),
    state: shadowFault === undefined ? word : 'rejected',
    ...(shadowFault === undefined ? {} : { fault: shadowFault }),
    models: Object.fromEntries(
      (shadowCrew?.models ?? []).map(({ id, sha256 }) => {
        const figures = progress?.shadowScores[id];
        // What the data thread counted for another shadow is not told of this one.
        return [id, counted(sha256, sinceMs, figures?.sha256 === sha256 ? figures : undefined)];
      }),
    ),
  };
}

function counted(sha256: string, sinceMs: number, figures: ShadowFigures | undefined): ShadowModel {
  const { frames = 0, nan = 0, faults = 0, disagreement = 0 } = figures ?? {};
  const { latencyMs = 0, actingLatencyMs = 0 } = figures ?? {};
  const latencyRatio =
    actingLatencyMs > 0 ? Number((latencyMs / actingLatencyMs).toPrecision(4)) : 0;
  return { sha256, sinceMs, frames, nan, faults, disagreement, latencyRatio };
}
