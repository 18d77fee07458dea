/**
 * The registry: a model is what robots call by one id, a version never changes and names its
 * parents, an alias says which version has which part.
 */
import { Fault, type Json } from '@fieldloop/core';

export interface Model {
  readonly id: string;
  /** The id in model.yaml. */
  readonly name: string;
  readonly note?: string;
  /** What a first training writes into model.yaml: model.yaml without golden and version. */
  readonly declaration?: Json;
  readonly createdBy: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly version: number;
}

export const aliases = ['champion', 'candidate', 'rollback'] as const;
export type Alias = (typeof aliases)[number];

export interface ModelAlias {
  readonly model: string;
  readonly alias: Alias;
  readonly modelVersion: string;
  readonly movedBy: string;
  readonly movedAt: number;
  readonly version: number;
}

export interface ModelVersion {
  readonly id: string;
  readonly model: string;
  /** 1, 2, 3 … of its model. */
  readonly number: number;
  readonly onnx: { readonly sha256: string; readonly sizeBytes: number };
  /** model.yaml */
  readonly document: { readonly sha256: string; readonly sizeBytes: number };
  readonly classes: readonly string[];
  /** Absent of what was imported, as all that a training leaves. */
  readonly datasetVersion?: string;
  readonly training?: string;
  readonly base?: string;
  readonly seed?: number;
  readonly trainer?: Json;
  readonly config?: Json;
  readonly calibration?: Json;
  /** Other shapes or classes than its base. */
  readonly breaking: boolean;
  /** The newest one. */
  readonly evaluation?: string;
  readonly createdBy: string;
  readonly createdAt: number;
}

export const modelNamePattern = /^[A-Za-z0-9][\w.-]{0,63}$/;

export function unknownModel(name: string): Fault {
  return new Fault('not_found', `there is no model "${name.slice(0, 64)}"`, {
    remedy: 'List them with `fieldloop models list`; `fieldloop models import FOLDER` makes one.',
  });
}

export function unknownModelVersion(ref: string): Fault {
  return new Fault('not_found', `there is no model version "${ref.slice(0, 80)}"`, {
    remedy: 'List them with `fieldloop models versions MODEL`.',
  });
}
