/** What the classifier takes: the declaration that model.yaml carries. */
import type { ImageInput } from '@fieldloop/learning';

export const modelInput: ImageInput = {
  width: 32,
  height: 24,
  layout: 'nchw',
  colour: 'rgb',
  mean: [0.45, 0.45, 0.45],
  std: [0.25, 0.25, 0.25],
};

export const modelTopic = '/camera/front/compressed';
