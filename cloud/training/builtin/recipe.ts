/** What the built-in trainer can be told. */
export interface Recipe {
  /** `head`: a new last layer on the base model, whose other weights stay. */
  readonly kind: 'mlp' | 'head';
  /** Units of each hidden layer; none is logistic regression. */
  readonly hidden: readonly number[];
  readonly epochs: number;
  readonly batch: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly scheduler: 'cosine' | 'constant';
  /** Begin with the weights of the base. */
  readonly warmStart: boolean;
  /** Mean and deviation of each number of the input are taken from the training data. */
  readonly standardise: boolean;
  /** In the order of the logits, instead of those of the base. */
  readonly classes?: readonly string[];
}
