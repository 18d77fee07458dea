/** Where the two files of a model lie. */
import { join } from 'node:path';

export interface ModelFiles {
  readonly onnx: string;
  readonly document: string;
}

export const filesIn = (folder: string): ModelFiles => ({
  onnx: join(folder, 'model.onnx'),
  document: join(folder, 'model.yaml'),
});
