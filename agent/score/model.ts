/**
 * A model folder: `model.onnx` and `model.yaml`, which says what goes in, what comes out, and by
 * golden inputs how to know that both still fit together.
 */
import { readFileSync, statSync } from 'node:fs';
import { Fault, sha256Hex } from '@fieldloop/core';
import { modelDocument, type ModelDocument, modelSchema } from '@fieldloop/learning';
import { demand, readDocument } from '../document.ts';
import { maxModelBytes } from '../limits.ts';
import type { ModelFiles } from './model-files.ts';

export interface Model extends ModelDocument {
  /** Of model.onnx, lower-case hex. */
  readonly sha256: string;
  /** Of model.yaml, lower-case hex. */
  readonly documentSha256: string;
  readonly onnx: Uint8Array;
  /** What faults call it. */
  readonly file: string;
}

/** Reads and checks the files. Faults name the file, and in model.yaml line and column. */
export function readModel({ onnx: onnxFile, document: file }: ModelFiles): Model {
  const bytes = readBytes(file, 'model.yaml');
  const text = Buffer.from(bytes).toString('utf8');
  const parsed = demand(readDocument({ text, file }, modelSchema));
  const onnx = readBytes(onnxFile, 'model.onnx');
  return {
    ...modelDocument(parsed),
    sha256: sha256Hex(onnx),
    documentSha256: sha256Hex(bytes),
    onnx,
    file: onnxFile,
  };
}

function readBytes(path: string, what: string): Uint8Array {
  try {
    const { size } = statSync(path);
    if (size > maxModelBytes) {
      throw new Fault('limited', `${what} has ${size} bytes, the limit is ${maxModelBytes}`, {
        place: path,
        remedy: 'Export a smaller model; weights outside the file are not supported.',
      });
    }
    return readFileSync(path);
  } catch (error) {
    if (error instanceof Fault) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? '';
    throw new Fault('not_found', `the model folder has no ${what} that can be read (${code})`, {
      place: path,
      remedy: 'Let "models" in agent.yaml name a folder that holds model.onnx and model.yaml.',
      cause: error,
    });
  }
}
