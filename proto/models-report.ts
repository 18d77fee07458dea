/**
 * Models on their way: the Desired section `models` that the cloud wants a device to run, and the
 * Reported section `models` in which the device says what it does run. Only artifacts that a
 * desired document names may be fetched.
 */
import { Fault } from '@fieldloop/core';
import * as z from 'zod';
import { maxContentBytes } from './limits.ts';

const digest = z.string().regex(/^[0-9a-f]{64}$/);
const name = z.string().min(1).max(96);
/** As agent.yaml and rule sets (`ref`) call it. */
const modelId = z.string().min(1).max(64);
const count = z.int().min(0);

/** Bytes in the cloud's blob store that a device may fetch. */
export const artifactRefSchema = z.strictObject({
  sha256: digest,
  sizeBytes: z.int().min(1).max(maxContentBytes),
});
export type ArtifactRef = z.infer<typeof artifactRefSchema>;

/** model.onnx and model.yaml. */
export const modelRefSchema = z.strictObject({
  onnx: artifactRefSchema,
  document: artifactRefSchema,
});
export type ModelRef = z.infer<typeof modelRefSchema>;

const modelRefs = z.record(modelId, modelRefSchema);

/** Nothing in it lets the device run the models of its own configuration. */
export const desiredModelsSchema = z.strictObject({
  release: name.optional(),
  releaseDigest: digest.optional(),
  rollout: name.optional(),
  /** A set that failed is tried again only under another number. */
  attempt: count.optional(),
  /** By model id; a model of agent.yaml that is not here stays as it is. */
  models: modelRefs.optional(),
  /** Programs of devices that only exist as a script, by component; a robot leaves them alone. */
  sim: z.record(modelId, artifactRefSchema).optional(),
  /** Score the same frames beside the models that act, and only count. */
  shadow: z.strictObject({ rollout: name.optional(), models: modelRefs }).optional(),
});
export type DesiredModels = z.infer<typeof desiredModelsSchema>;

export const modelStates = [
  'idle',
  'downloading',
  'checking',
  'running',
  'rejected',
  'rolled_back',
] as const;
/**
 * idle: the models of the configuration; rejected: the wanted set never ran; rolled_back: it ran,
 * failed, and what ran before took its place again.
 */
export type ModelState = (typeof modelStates)[number];

const modelFault = z.object({ code: z.string().max(64), message: z.string().max(512) });
export type ModelFault = z.infer<typeof modelFault>;

export const runningModelSchema = z.object({
  /** Of the bytes behind the live instance. */
  sha256: digest,
  documentSha256: digest.optional(),
  version: z.string().max(64).optional(),
  /** Unix milliseconds. */
  since: z.number(),
});
export type RunningModel = z.infer<typeof runningModelSchema>;

/** Of frames that both models scored, and of those that the shadow could not. */
export const shadowModelSchema = z.object({
  sha256: digest,
  sinceMs: z.number(),
  frames: count,
  /** Frames for which the shadow gave numbers that are not finite. */
  nan: count,
  /** Frames without a score of the shadow for any reason. */
  faults: count,
  /** Frames whose class differs. */
  disagreement: count,
  /** Mean latency of the shadow over that of the model that acts; 0 before the first frame. */
  latencyRatio: z.number(),
});
export type ShadowModel = z.infer<typeof shadowModelSchema>;

export const modelsReportSchema = z.object({
  digest,
  running: z.record(z.string(), runningModelSchema),
  state: z.enum(modelStates),
  release: name.optional(),
  rollout: name.optional(),
  attempt: count.optional(),
  /** Share of the artifacts' bytes that is on the device, 0 to 1, while downloading. */
  downloaded: z.number().optional(),
  /** False until the set that runs was watched for its soak. */
  proven: z.boolean().optional(),
  fault: modelFault.optional(),
  shadow: z
    .object({
      rollout: name.optional(),
      state: z.enum(['downloading', 'checking', 'running', 'rejected']),
      fault: modelFault.optional(),
      models: z.record(z.string(), shadowModelSchema),
    })
    .optional(),
});
export type ModelsReport = z.infer<typeof modelsReportSchema>;

/** Undefined when a device of another version wrote something else. */
export function readModelsReport(document: unknown): ModelsReport | undefined {
  return modelsReportSchema.safeParse(document).data;
}

/** Fault `invalid` naming the first member that does not fit. */
export function parseDesiredModels(document: unknown): DesiredModels {
  const parsed = desiredModelsSchema.safeParse(document);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new Fault('invalid', `the desired models do not fit: ${issue?.message ?? 'unknown'}`, {
    place: `/${issue?.path.map(String).join('/') ?? ''}`,
    remedy: 'Use the same version of Fieldloop on both ends of the wire.',
  });
}

/** Every artifact that the document names, each once. */
export function artifactsOf(desired: DesiredModels): readonly ArtifactRef[] {
  const refs = [desired.models, desired.shadow?.models].flatMap((models) =>
    Object.values(models ?? {}).flatMap(({ onnx, document }) => [onnx, document]),
  );
  const all = [...refs, ...Object.values(desired.sim ?? {})];
  return [...new Map(all.map((ref) => [ref.sha256, ref])).values()];
}
