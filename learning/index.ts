export { networkGraph, onnxFile } from './onnx-file.ts';
export {
  type ImageInput,
  imageToTensor,
  type NumberInput,
  numbersToTensor,
  type RgbImage,
} from './preprocess.ts';
export { entropy, margin, softmax, topIndex } from './scores.ts';
export { logitsOf, type Network, roundToSingle } from './train/network.ts';
export { type Samples, train, type TrainOptions } from './train/train.ts';
