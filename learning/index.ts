export { disagreement, meanProbabilities } from './ensemble.ts';
export { contentTensor, frameContent, type FrameContent } from './frame.ts';
export {
  type GoldenPair,
  modelDocument,
  type ModelDocument,
  type ModelInput,
  modelSchema,
  type ModelYaml,
  parseModelDocument,
} from './model-document.ts';
export { networkGraph, onnxFile } from './onnx-file.ts';
export {
  type ImageInput,
  imageToTensor,
  type NumberInput,
  numbersToTensor,
  type RgbImage,
} from './preprocess.ts';
export { energy, entropy, margin, softmax, topIndex } from './scores.ts';
export { logitsOf, type Network, roundToSingle } from './train/network.ts';
export { type Samples, train, type TrainOptions } from './train/train.ts';
