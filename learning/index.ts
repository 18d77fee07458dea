export { disagreement, meanProbabilities } from './ensemble.ts';
export { contentTensor, frameContent, type ImageContent } from './frame.ts';
export { goldenInput } from './golden.ts';
export { type DetectedBox, type OutputTensor, readBoxes } from './boxes.ts';
export {
  type ClassifierDocument,
  type ClassifierYaml,
  type GoldenPair,
  modelDocument,
  type ModelDocument,
  modelSchema,
  type NamedInput,
  type ModelYaml,
  parseClassifier,
  parseModelDocument,
} from './model-document.ts';
export type { ModelInput } from './model-input.ts';
export {
  type BoxOutput,
  type ClassOutput,
  type ModelOutput,
  outputNames,
  type SegmentOutput,
  type ValueOutput,
} from './model-output.ts';
export {
  type Calibration,
  compareCalibration,
  type JudgedTwice,
} from './evaluate/calibration.ts';
export {
  type Comparison,
  comparePairs,
  type Interval,
  type JudgedPair,
  unitsNeeded,
} from './evaluate/compare.ts';
export {
  type CaseResult,
  type Gate,
  type GateFacts,
  type GateLimits,
  judgeGates,
  type Outcome,
  outcomeOf,
  outcomes,
  type SliceResult,
  usualLimits,
} from './evaluate/gates.ts';
export {
  classMetrics,
  confusion,
  isRight,
  type Judged,
  type Metrics,
  metricsOf,
  reliability,
} from './evaluate/metrics.ts';
export { fitTemperature } from './evaluate/temperature.ts';
export {
  classesNote,
  networkGraph,
  onnxFile,
  type OnnxNode,
  type OnnxTensor,
} from './onnx-file.ts';
export { backboneOf, withHead } from './onnx-head.ts';
export { classesOf, networkOf, type OnnxModel, readOnnx } from './onnx-read.ts';
export {
  type ImageInput,
  imageToTensor,
  type NumberInput,
  numbersToTensor,
  type RgbImage,
} from './preprocess.ts';
export { type ScoreName, scoreNames, scoreTexts } from './score-names.ts';
export { energy, entropy, margin, softmax, topIndex } from './scores.ts';
export { checkpointText, readCheckpoint } from './train/checkpoint.ts';
export { logitsOf, type Network, roundToSingle } from './train/network.ts';
export {
  type DiffCounts,
  type DiffEntry,
  diffItems,
  type DiffKind,
  type DiffSummary,
  diffSummary,
} from './snapshot/diff.ts';
export {
  itemLine,
  orderOf,
  type SnapshotItem,
} from './snapshot/item.ts';
export { type LeakingPair, leakingPairs } from './snapshot/leak.ts';
export { openUnitRows, type UnitRows, type UnitRowsWriter } from './snapshot/unit-rows.ts';
export {
  type GateRules,
  manifestSchema,
  manifestText,
  snapshotCode,
  type SnapshotManifest,
  versionIdOf,
} from './snapshot/manifest.ts';
export {
  bucketOf,
  drawnSplit,
  groupKeys,
  groupOf,
  type ItemLane,
  itemLanes,
  type Placed,
  type Split,
  splitBuckets,
  splitOf,
  type SplitRule,
  splits,
} from './snapshot/split.ts';
export {
  type Samples,
  train,
  trainEpochs,
  type TrainOptions,
  type TrainState,
} from './train/train.ts';
export {
  type AgreementFigure,
  type AgreementFigures,
  openAgreement,
} from './consensus/agreement.ts';
export { krippendorffAlpha } from './consensus/alpha.ts';
export { type DrawnBox, fuseBoxes, type FusedBox, iou, type Rectangle } from './consensus/boxes.ts';
export { type DawidSkene, dawidSkene, type DawidSkeneOptions } from './consensus/dawid-skene.ts';
export { match, type Pair } from './consensus/matching.ts';
export {
  agreeSegments,
  type AgreedSegment,
  type DrawnSegment,
  median,
  temporalIou,
} from './consensus/segments.ts';
export { type Majority, majority, type Vote } from './consensus/votes.ts';
export { boxDoubt, flicker, type ScoredBox } from './box-scores.ts';
export { type Duplicates, duplicatesOf, type DuplicateUnits } from './dedupe.ts';
export { pairedAuroc } from './estimate/paired-bootstrap.ts';
export { populationStability } from './estimate/psi.ts';
export { normalTail, studentT } from './estimate/quantile.ts';
export { retrainValue } from './estimate/retrain.ts';
export { aurc, auroc, compareAuroc } from './estimate/ranking.ts';
export {
  captureLift,
  censusAndAudit,
  type DrawnUnit,
  drawnRate,
  type Figure,
  hajek,
  horvitzThompson,
  wilson,
} from './estimate/rate.ts';
export {
  type FailureModel,
  failureModelText,
  type FailureRow,
  openFailureScorer,
  trainFailureModel,
} from './failure-model.ts';
export { novelty, type Rows } from './novelty.ts';
export { rawToRgb } from './raw-image.ts';
export { badge } from './sample/badge.ts';
export { fillBudget } from './sample/budget.ts';
export { hashShare, isDrawn } from './sample/hash-draw.ts';
export { kCenter } from './sample/k-center.ts';
export { segmentDoubt } from './segment-scores.ts';
export { cosineOf, cosineRounding } from './cosine.ts';
