/** What models run on, as the configuration says it. */
export interface EngineWish {
  /** The folder of another build of onnxruntime-node, as a platform with its own drivers has it. */
  readonly runtime?: string | undefined;
  /** In the order in which they are tried; the processor is behind them. */
  readonly providers: readonly Provider[];
}

/** By the names of ONNX Runtime's execution providers. */
export const providers = ['tensorrt', 'cuda'] as const;
type Provider = (typeof providers)[number];
