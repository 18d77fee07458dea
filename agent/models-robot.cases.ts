/** A robot's models with a cloud that gives out what it is asked for, for tests of their exchange. */
import { sha256Hex } from '@fieldloop/core';
import type { ArtifactRef, DesiredModels, ModelRef } from '@fieldloop/proto';
import type { ArtifactShelf } from './buffer/artifacts.ts';
import { modelFigures, modelsDocument } from './models-report.ts';
import type { ModelsInUse, ScoringWays, ShadowWays } from './models-types.ts';

export interface Made {
  readonly ref: ModelRef;
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** The files of a model, and what the cloud calls them. */
export function made(onnx: Uint8Array, yaml: Record<string, unknown>): Made {
  const document = Buffer.from(JSON.stringify(yaml));
  const refOf = (bytes: Uint8Array): ArtifactRef => ({
    sha256: sha256Hex(bytes),
    sizeBytes: bytes.length,
  });
  const ref = { onnx: refOf(onnx), document: refOf(document) };
  return {
    ref,
    files: new Map([
      [ref.onnx.sha256, onnx],
      [ref.document.sha256, document],
    ]),
  };
}

export class Robot {
  readonly models: ModelsInUse;
  readonly shelf: ArtifactShelf;
  readonly ways: ScoringWays[] = [];
  shadow: ShadowWays | undefined;
  onWays: (ways: ScoringWays) => void = () => undefined;
  readonly told: string[] = [];
  readonly states: string[] = [];
  #waiting: (() => void)[] = [];
  #line: Promise<void> = Promise.resolve();
  /** What the cloud gives out. */
  readonly #cloud: ReadonlyMap<string, Uint8Array>;

  constructor(models: ModelsInUse, shelf: ArtifactShelf, cloud: ReadonlyMap<string, Uint8Array>) {
    this.models = models;
    this.shelf = shelf;
    this.#cloud = cloud;
  }

  async begin(): Promise<void> {
    await this.models.begin({
      want: (refs) => {
        this.#line = this.#line.then(() => this.#fetch(refs));
      },
      onWays: (ways) => {
        this.ways.push(ways);
        this.onWays(ways);
      },
      onShadowWays: (ways) => {
        this.shadow = ways;
      },
      onChange: () => this.#changed(),
      tell: (text) => this.told.push(text),
    });
  }

  wish(desired: DesiredModels): void {
    const document = JSON.parse(JSON.stringify(desired)) as never;
    const section = { name: 'models', generation: 1n, sha256: '', document };
    this.models.take({ generation: 1n, features: 1n, sections: [section] });
  }

  get figures() {
    return modelFigures(this.models, undefined);
  }

  get digest(): string {
    return modelsDocument(this.models, undefined).digest;
  }

  async until(isSo: (robot: this) => boolean): Promise<void> {
    while (!isSo(this)) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #changed(): void {
    const { state } = this.figures;
    if (this.states.at(-1) !== state) this.states.push(state);
    for (const wake of this.#waiting.splice(0)) wake();
  }

  async #fetch(refs: readonly ArtifactRef[]): Promise<void> {
    for (const ref of refs.filter(({ sha256 }) => !this.shelf.has(sha256))) {
      const bytes = this.#cloud.get(ref.sha256);
      if (bytes === undefined) continue;
      const part = await this.shelf.begin(ref);
      await part.append([bytes]);
      await part.finish();
      this.models.arrived();
    }
  }
}
