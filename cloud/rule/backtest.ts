/**
 * A backtest: a version, and the one that is active now, over the same stored clips with the engine
 * of the robots. Clips are read one after the other in bounded memory; what stays of each is its
 * triggers and the bytes of its topics.
 */
import { asFault, Fault, type Json } from '@fieldloop/core';
import { readRecording } from '@fieldloop/recording';
import {
  type Forecast,
  forecast,
  type OpenTrial,
  openRecordedScores,
  openTrial,
  parseRuleSet,
  type Properties,
  type RuleSet,
  type ScoreRecord,
  type SeenRecording,
} from '@fieldloop/rules';
import { objectReadable } from '../blob/object-readable.ts';
import type { OperationContext, OperationHandler } from '../store/operations.ts';
import {
  chooseClips,
  type ChosenClip,
  type ClipChoice,
  propertiesOf,
  sessionSeconds,
} from './clip-choice.ts';
import { publicationStore } from './publication-store.ts';
import type { RuleVersion } from './rule.ts';
import { forecastStore, ruleSetStore } from './store.ts';

export const backtestKind = 'ruleSets.backtest';

export interface BacktestInput extends ClipChoice {
  readonly ruleSetId: string;
  readonly n: number;
  /** Version to compare with; the one that is active now unless said. */
  readonly against?: number | undefined;
  readonly dutyHours: number;
  readonly by: string;
}

export interface BacktestSide {
  readonly version: number;
  readonly digest: string;
  readonly forecast: Forecast;
}

export interface BacktestResult extends BacktestSide {
  readonly forecastId: string;
  readonly against?: BacktestSide;
  readonly clips: {
    /** That the choice matched; more than were read when a limit came first. */
    readonly matched: number;
    readonly read: number;
    readonly storedBytes: number;
    /** Not read: gone, damaged, or without messages; the first of them with the reason. */
    readonly skipped: readonly { readonly clip: string; readonly reason: string }[];
    readonly skippedCount: number;
  };
}

interface Side {
  readonly version: RuleVersion;
  readonly ruleSet: RuleSet;
  readonly seen: SeenRecording[];
}

/** Skipped clips that the result names. */
const namedSkips = 20;

export const backtest: OperationHandler = async (input, context) => {
  const wanted = input as unknown as BacktestInput;
  const { read, clock } = context;
  const sides = await sidesOf(context, wanted);
  const chosen = await chooseClips(read, wanted, clock.now());
  const skipped: { clip: string; reason: string }[] = [];
  const properties = await propertiesOf(read, chosen.clips);
  let storedBytes = 0;
  context.progress(0, chosen.clips.length, 'clips');
  for (const [i, clip] of chosen.clips.entries()) {
    context.signal.throwIfAborted();
    const about = { clip, properties: properties.get(clip.device) };
    const reason = await replayClip(context, about, sides);
    if (reason === undefined) storedBytes += clip.sizeBytes;
    else skipped.push({ clip: clip.id, reason });
    context.progress(i + 1, chosen.clips.length, 'clips');
  }
  const [side, other] = await told(context, wanted, { sides, clips: chosen.clips });
  if (side === undefined) throw new TypeError('a backtest of nothing');
  const result: BacktestResult = {
    ...side,
    forecastId: await keep(context, wanted, side),
    ...(other === undefined ? {} : { against: other }),
    clips: {
      matched: chosen.matched,
      read: chosen.clips.length - skipped.length,
      storedBytes,
      skipped: skipped.slice(0, namedSkips),
      skippedCount: skipped.length,
    },
  };
  return result as unknown as Json;
};

async function sidesOf({ read }: OperationContext, wanted: BacktestInput): Promise<Side[]> {
  const rules = ruleSetStore(read);
  const entry = await rules.get(wanted.ruleSetId);
  const version = await rules.version(entry, wanted.n);
  const against = wanted.against ?? (await activeVersion(read, entry.id));
  const others =
    against === undefined || against === wanted.n ? [] : [await rules.version(entry, against)];
  return [version, ...others].map((one) => ({ version: one, ruleSet: parsed(one), seen: [] }));
}

/** The number of the version that devices run now: the newest live publication's. */
async function activeVersion(
  db: OperationContext['read'],
  ruleSetId: string,
): Promise<number | undefined> {
  const live = await publicationStore(db).live();
  return live.find((one) => one.ruleSetId === ruleSetId && one.mode === 'active')?.n;
}

function parsed(version: RuleVersion): RuleSet {
  const { ruleSet } = parseRuleSet(version.text, `${version.ruleSet}@${version.n}`);
  if (ruleSet !== undefined) return ruleSet;
  throw new Fault('invalid', `version ${version.n} does not hold under this cloud's rules`, {
    place: `${version.ruleSet}@${version.n}`,
    remedy: 'Lint its text, correct it and save it as a new version.',
  });
}

interface ClipOf {
  readonly clip: ChosenClip;
  readonly properties: Properties | undefined;
}

/** Why the clip tells nothing; undefined when it does. */
async function replayClip(
  context: OperationContext,
  { clip, properties }: ClipOf,
  sides: readonly Side[],
): Promise<string | undefined> {
  const readable = objectReadable(context.bytes, { ...clip, name: clip.id });
  const options = { device: clip.device, properties };
  const trials = sides.map(({ ruleSet }) => openTrial(ruleSet, options));
  try {
    const reads = sides.some(({ ruleSet }) => ruleSet.models.length > 0);
    const scores = reads ? await scoresOf(readable, context.signal) : [];
    await replay(readable, { trials, scores, signal: context.signal });
  } catch (error) {
    const fault = asFault(error);
    if (context.signal.aborted || !['corrupt', 'not_found'].includes(fault.code)) throw error;
    return fault.message;
  }
  for (const [i, trial] of trials.entries()) {
    const ended = trial.end();
    if (ended === undefined) return 'it holds no messages';
    const { device, session, sampled, sizeBytes: storedBytes } = clip;
    sides[i]?.seen.push({ device, session, sampled, storedBytes, trial: ended });
  }
  return undefined;
}

type Object = Parameters<typeof readRecording>[0];

/** Scores stand behind all messages of a clip: each is given before the block of its moment. */
async function replay(
  readable: Object,
  given: {
    readonly trials: readonly OpenTrial[];
    readonly scores: readonly ScoreRecord[];
    readonly signal: AbortSignal;
  },
): Promise<void> {
  let next = 0;
  for await (const item of readRecording(readable, { reuse: true, signal: given.signal })) {
    const untilNs = item.kind === 'block' && item.block.count > 0 ? item.block.lastNs : -1n;
    for (let score = given.scores[next]; score !== undefined && score.atNs <= untilNs; ) {
      for (const trial of given.trials) trial.score(score);
      next += 1;
      score = given.scores[next];
    }
    for (const trial of given.trials) trial.take(item);
  }
}

async function scoresOf(readable: Object, signal: AbortSignal): Promise<ScoreRecord[]> {
  const scores = openRecordedScores();
  for await (const item of readRecording(readable, { reuse: true, signal })) scores.take(item);
  return scores.inOrder();
}

async function told(
  { read }: OperationContext,
  { dutyHours }: BacktestInput,
  by: { readonly sides: readonly Side[]; readonly clips: readonly ChosenClip[] },
): Promise<BacktestSide[]> {
  const sessionS = await sessionSeconds(read, [...new Set(by.clips.map((one) => one.session))]);
  return by.sides.map(({ version: { n, digest }, ruleSet, seen }) => ({
    version: n,
    digest,
    forecast: forecast({ ruleSet, recordings: seen, sessionS, dutyHours }),
  }));
}

/** A worker that died may have kept it before: the same operation keeps it once. */
async function keep(
  { id, write, clock }: OperationContext,
  { ruleSetId, n, by }: BacktestInput,
  side: BacktestSide,
): Promise<string> {
  const forecastId = id.replace(/^[a-z]+_/, 'fct_');
  const { digest } = side;
  await write.transaction().execute(async (trx) => {
    await forecastStore(trx).keep({
      id: forecastId,
      ruleSetId,
      n,
      digest,
      forecast: side.forecast,
      createdBy: by,
      createdAt: clock.now(),
    });
  });
  return forecastId;
}
