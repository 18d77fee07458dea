/**
 * The files between the cloud and a trainer, whoever wrote it, without what checks them: programs
 * that start often do without a schema library. docs/reference/trainer.md says the same for people.
 */
import type { ClassifierYaml } from '@fieldloop/learning';
import type { Config } from './training.ts';

export const jobName = 'fieldloop.trainer-job/v1';
export const resultName = 'fieldloop.trainer-result/v1';

/** Names in the folder that `outDir` of the job is. */
export const outNames = {
  heartbeat: 'heartbeat',
  progress: 'progress.ndjson',
  checkpoint: 'checkpoint',
  onnx: 'model.onnx',
  result: 'result.json',
} as const;

/** model.yaml without what only a trained model has. */
export type Declaration = Omit<ClassifierYaml, 'golden' | 'version'>;

export interface Job {
  readonly schema: typeof jobName;
  /** Id of the training. */
  readonly job: string;
  /** Folder of the bundle: read-only, train and calibration alone. */
  readonly dataset: string;
  /** What the model takes and gives: classes in their order, input and preprocessing. */
  readonly declaration: Declaration;
  readonly base?: { readonly onnx: string; readonly document: string } | undefined;
  readonly config: Config;
  readonly seed: number;
  readonly outDir: string;
  /** RFC 3339. */
  readonly deadline: string;
  /** Folder of the checkpoint of an earlier attempt. */
  readonly resumeFrom?: string | undefined;
}

export interface Result {
  readonly schema: typeof resultName;
  /** Of model.onnx. */
  readonly sha256: string;
  readonly input: {
    readonly name: string;
    readonly shape: (number | string)[];
    /** Where the trainer found them itself. */
    readonly mean?: number[] | undefined;
    readonly std?: number[] | undefined;
  };
  readonly output: {
    readonly logits: string | string[];
    readonly shape: (number | string)[];
    readonly embedding?: string | undefined;
  };
  readonly classes: string[];
  readonly temperature?: number | undefined;
  readonly metrics: {
    /** Of the calibration units, each judged by the mean of its frames' probabilities. */
    readonly calibration: { readonly n: number; readonly accuracy: number | null };
    /** Units that the trainer could not read. */
    readonly skipped?: number | undefined;
  };
  readonly versions: Record<string, string>;
  /** Inputs as the model takes them, and what the trainer's own maths gives for them. */
  readonly golden?: { readonly input: number[]; readonly output: number[] }[] | undefined;
}
