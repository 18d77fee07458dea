/** The bounds of this room. Each message about a bound names the number and what to do. */

/** Bytes of one rule set's YAML. */
export const documentBytes = 262_144;
/** Aliases (`*name`) that one document may resolve. */
export const documentAliases = 256;
/** Problems that one document reports; the rest is counted. */
export const problems = 100;

/** Problems that one expression reports. */
export const expressionProblems = 20;

export const rules = 256;
export const signals = 512;
export const models = 16;
/** Inputs of a model beside the frame's. */
export const moreInputs = 7;
/** How far one of them may be from its frame where the rule set says nothing. */
export const usualMoreAge = '1s';
export const captures = 64;
export const geofences = 64;
/** Corners of one polygon. */
export const fencePoints = 256;
/** Items of a list that are read, unless the signal says otherwise, and at most. */
export const listItemsDefault = 256;
export const listItems = 4_096;
/** Topics of one capture or of the latched list. */
export const topics = 256;
export const tags = 32;

/** Characters of one expression. */
export const expressionCharacters = 2_048;
/** Expressions of one rule set in all, in characters. */
export const expressionsCharacters = 65_536;
/** Nesting of one expression's tree. */
export const expressionDepth = 32;
/** Open brackets at once, checked before the parser recurses over them. */
export const expressionBrackets = 64;
/** Characters of a `matches` pattern. */
export const patternCharacters = 512;
/** Characters of a text signal that `matches` looks at; a longer value is unknown. */
export const matchedCharacters = 4_096;

/** Shortest and longest window of a function such as `max(x, "2s")`, ns. */
export const windowLeastNs = 1_000_000n;
export const windowMostNs = 86_400_000_000_000n;
/** Samples of one window; `p` keeps them sorted and therefore holds fewer. */
export const windowSamples = 262_144;
export const sortedSamples = 16_384;
/** Bytes of all windows of one rule set; at the limit a window gives up its oldest sample. */
export const windowBytes = 64 * 2 ** 20;
/** Share of a core above which lint warns of a rule set's cost. */
export const costShare = 0.05;
/** Fewer messages than this show no rate of a topic. */
export const rateMessages = 3;

/** Longest `pre`, `post` and `maxDuration` of a capture, ns. */
export const captureMostNs = 600_000_000_000n;
/** Shortest period of `every` and longest duration of any key, ns. */
export const periodLeastNs = 100_000_000n;
export const durationMostNs = 31_622_400_000_000_000n;

/** Steps of a sequence. */
export const steps = 8;
export const labels = 16;
export const scopeCharacters = 512;
/** Keys that `limits.per` counts apart; at the limit the one that began first is forgotten. */
export const limitKeys = 512;
/** Characters of one key; longer ones are told apart by their beginning. */
export const limitKeyCharacters = 64;
/** Embeddings of clips that novelty compares with; at the limit the oldest is forgotten. */
export const noveltyKept = 128;
/** Rules of one set that sample by novelty: each keeps that much in a checkpoint. */
export const noveltyRules = 8;
/** Dimensions of an embedding that novelty looks at; a longer one is unknown. */
export const embeddingDimensions = 1_024;
/** A drawn moment of `every: {randomUniform}` that no message follows in this time passes, ns. */
export const drawnWaitNs = 1_000_000_000;
/** Shortest step by which `extendWhile` moves the end of a clip, ns. */
export const extendStepNs = 1_000_000_000;
/** Clips that one long moment is split into; what goes on behind the last is not recorded. */
export const groupParts = 16;
/** Rows of suppressed triggers by rule, reason and hour that wait to be taken. */
export const ledgerRows = 4_096;

/** Default lateness of the watermark, ns; the largest one is `clockJumpNs`. */
export const latenessNs = 200_000_000n;
/**
 * A step back of log time on its own topic by more than this is a clock that was set, and begins
 * the next epoch; a smaller one is a straggler. No lateness is larger, so what steps back by less
 * and is behind the watermark is late.
 */
export const clockJumpNs = 5_000_000_000n;
/** Messages held for the watermark; at the limit the oldest is evaluated early. */
export const heldMessages = 262_144;
/** Scores that wait for the first message; more are counted late. */
export const waitingScores = 1_024;
/**
 * Length of an epoch, ns: times inside are doubles relative to its first message, exact to 2^53.
 * A message further away starts the next epoch.
 */
export const epochNs = 2 ** 52;
/** Stretches of log time that are told apart; at the limit the newest one is widened. */
export const stretches = 1_024;
/** Rules that depend on the passing of time are looked at on this grid of log time, ns. */
export const tickNs = 100_000_000;
/** Rules that read `now()` are looked at for so long behind the last message, ns. */
export const nowQuietNs = 60_000_000_000;

/** Clips of one source that wait for their post-roll; at the limit a trigger is a marker alone. */
export const maxOpenClips = 4;
/** What a clip's manifest may hold (proto/manifest.ts). */
export const maxClipMarkers = 64;
export const maxClipTags = 16;
/** Longest clip that merging makes, unless an agent is told otherwise, ns. */
export const clipNs = 120_000_000_000n;

/** Scores that a replay takes from one clip; a longer list is cut. */
export const recordedScores = 100_000;
/** Triggers kept of one recording of a backtest; more are counted, and of a session also cut. */
export const trialTriggers = 10_000;
/** Fewer sessions than this say nothing of how sessions differ; resamples of more of them. */
export const leastSessions = 5;
export const resamples = 1_000;
/** Lines that two texts may differ in before one is shown as replaced by the other. */
export const diffEdits = 1_000;
