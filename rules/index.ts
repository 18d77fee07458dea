export type { ValueType } from './cel/checked.ts';
export { type FieldChange, type PartChange, ruleSetDiff } from './diff.ts';
export { type ParsedRuleSet, parseRuleSet } from './document.ts';
export { textDiff } from './text-diff.ts';
export {
  type ClipDraft,
  type ClipGroup,
  type ClipTrigger,
  neededFrom,
  nothingPlanned,
  planClips,
  type PlanInput,
  type PlanOutput,
  type PlanState,
  triggerFor,
} from './clip-plan.ts';
export { type Forecast, forecast, type Population, type RuleForecast } from './forecast.ts';
export type { SeenRecording } from './fold-trials.ts';
export {
  type OpenTrial,
  openTrial,
  type RuleTrial,
  type Trial,
  type TrialOptions,
  type WholeTrial,
} from './trial.ts';
export type { TrialClip } from './session-clips.ts';
export { compareMoments, type ComparedMoments, type RuleMoment } from './compare-triggers.ts';
export { loadPlan, savePlan } from './plan-state.ts';
export { onlyRule, topicsReadBy } from './reads.ts';
export { type Engine, openEngine } from './engine.ts';
export type {
  EngineCounters,
  EngineOptions,
  RuleCounters,
  ScoreRecord,
  UnreadableSignal,
} from './engine-state.ts';
export { type OpenExplain, openExplain } from './explain.ts';
export type { ExplainedRule } from './explain-rule.ts';
export type { ExplainedTerm } from './explain-term.ts';
export {
  type ChannelFacts,
  type FactsGathering,
  gatherFacts,
  type RecordingFacts,
} from './facts.ts';
export { type Fit, fitLibrary } from './fit.ts';
export { type LibraryEntry, loadLibrary } from './library.ts';
export { clockJumpNs, maxClipMarkers, maxOpenClips } from './limits.ts';
export { costOf, type RuleCost, type SetCost } from './cost.ts';
export { lintAgainst, lintReadable } from './lint.ts';
export {
  dataOf,
  type Merged,
  mergeRuleSets,
  type RuleSetMetadata,
  type RuleSetText,
} from './merge.ts';
export { problemLine, type ProblemCode, type RuleProblem } from './problem.ts';
export { openRecordedScores, type RecordedScores } from './recorded-scores.ts';
export { openReplay, type Replay, type ReplayOutcome } from './replay.ts';
export {
  type Estimate,
  logEvidence,
  poissonTail,
  type WeightedCount,
  weightedInterval,
} from './rate.ts';
export type {
  Capture,
  Model,
  Reduce,
  Rule,
  PlainRuleSet,
  ReadableRules,
  RuleSet,
  Severity,
  Signal,
  Trigger,
} from './rule-set.ts';
export { inputTopicsOf } from './rule-set.ts';
export { isOwnTopic } from './session-clips.ts';
export { ruleSetJsonSchema } from './schema.ts';
export { chosenTopics } from './clip-content.ts';
export { topicFits } from './topic-pattern.ts';
export type { Properties } from './scope.ts';
export { type Suppression, type SuppressedBy, suppressedBy } from './suppressions.ts';
export {
  type EngineEvent,
  type EngineOutput,
  type Extension,
  firesOf,
  outputJson,
  type ShadowVerdict,
  type ShownValue,
  type Verdict,
  verdictJson,
} from './verdict.ts';
