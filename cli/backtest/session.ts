/** One session through one or two rule sets: every message is read once. */
import { asFault } from '@fieldloop/core';
import { openRecording } from '@fieldloop/recording/folder';
import { openTrial, type OpenTrial, type RuleSet } from '@fieldloop/rules';
import { readScored, type ScoredItem } from '../recorded-scores.ts';
import {
  type FaultWords,
  type FileFound,
  type Moment,
  mostMomentsOf,
  type SessionFound,
  type SessionPlan,
} from './protocol.ts';
import { openSketch, type Sketch } from './sketch.ts';

export interface SessionWork {
  readonly plan: SessionPlan;
  readonly ruleSets: readonly RuleSet[];
  readonly sketch: boolean;
  readonly signal: AbortSignal;
  /** Bytes of the session's files that were read so far. */
  readonly progress: (bytes: number) => void;
}

/** A split that begins so long behind the one before it, ns, is another session. */
const splitGapNs = 10_000_000_000n;

interface Side {
  readonly trial: OpenTrial;
  readonly moments: Moment[];
  unlisted: number;
}

/** Splits that follow each other. */
interface Run {
  readonly name: string;
  /** One a rule set, in their order. */
  readonly sides: readonly Side[];
  readonly files: FileFound[];
  readonly damages: FaultWords[];
  readonly sketch: Sketch | undefined;
  newestNs: bigint;
}

/** One session, or several where a split does not follow the one before it. */
export async function runSession(work: SessionWork): Promise<SessionFound[]> {
  const found: SessionFound[] = [];
  let run: Run | undefined;
  let doneBytes = 0;
  for (const { path, bytes } of work.plan.files) {
    const before = doneBytes;
    const at = (offset: number): void => work.progress(before + Math.min(offset, bytes));
    let own: Run | undefined;
    try {
      for await (const given of readParts(path, work.ruleSets)) {
        work.signal.throwIfAborted();
        const { item, startNs } = given;
        if (startNs !== undefined) {
          own = run !== undefined && follows(run, startNs) ? run : begin(path, work);
          if (run !== undefined && own !== run) found.push(finish(run, work));
          own.files.push({ path, bytes, startNs });
          run = own;
        }
        if (own === undefined) continue;
        take(own, given);
        if (item.kind === 'block') at(item.block.offset);
      }
      if (own === undefined) found.push(nothing(work.plan, { path, bytes }, []));
    } catch (error) {
      const words = damageOf(error);
      if (own === undefined) found.push(nothing(work.plan, { path, bytes }, [words]));
      else own.damages.push(words);
    }
    doneBytes += bytes;
    work.progress(doneBytes);
  }
  return run === undefined ? found : [...found, finish(run, work)];
}

interface Given extends ScoredItem {
  /** Before the first block of a file: its first log time. */
  readonly startNs: bigint | undefined;
}

/** Items of a file; what comes before its first message waits until that says when it begins. */
async function* readParts(path: string, ruleSets: readonly RuleSet[]): AsyncGenerator<Given> {
  const recording = await openRecording(path);
  let waiting: ScoredItem[] | undefined = [];
  for await (const given of readScored(recording, ruleSets)) {
    const { item } = given;
    waiting?.push(given);
    if (waiting === undefined) yield { ...given, startNs: undefined };
    else if (item.kind === 'block' && item.block.count > 0) {
      for (const [i, one] of waiting.entries()) {
        yield { ...one, startNs: i === 0 ? item.block.firstNs : undefined };
      }
      waiting = undefined;
    }
  }
}

/** A clock that was set back, or a long pause, is another run of the robot. */
function follows(run: Run, startNs: bigint): boolean {
  return startNs >= run.newestNs - splitGapNs && startNs <= run.newestNs + splitGapNs;
}

function begin(name: string, { plan, ruleSets, sketch }: SessionWork): Run {
  const sides = ruleSets.map((ruleSet): Side => {
    const moments: Moment[] = [];
    const most = mostMomentsOf(ruleSet);
    const listed = new Map<string, number>();
    const trial = openTrial(ruleSet, {
      device: plan.device,
      whole: true,
      onVerdict({ kind, ruleId: rule, atNs, values }) {
        const shadow = kind === 'shadow' ? { shadow: true as const } : {};
        const before = listed.get(`${kind} ${rule}`) ?? 0;
        listed.set(`${kind} ${rule}`, before + 1);
        if (before >= most) side.unlisted += 1;
        else moments.push({ rule, session: name, atNs, values, ...shadow });
      },
    });
    const side: Side = { trial, moments, unlisted: 0 };
    return side;
  });
  const [first] = ruleSets;
  return {
    name,
    sides,
    files: [],
    damages: [],
    sketch: sketch && first !== undefined ? openSketch(first) : undefined,
    newestNs: 0n,
  };
}

function take(run: Run, { item, scores }: Given): void {
  for (const { trial } of run.sides) {
    for (const score of scores) trial.score(score);
    trial.take(item);
  }
  run.sketch?.take(item);
  if (item.kind === 'block' && item.block.lastNs > run.newestNs) run.newestNs = item.block.lastNs;
}

function finish(run: Run, { plan }: SessionWork): SessionFound {
  return {
    session: run.name,
    device: plan.device,
    files: run.files,
    sides: run.sides.flatMap((side) => {
      const trial = side.trial.end();
      return trial === undefined ? [] : [{ ...side, trial }];
    }),
    damages: run.damages,
    sketches: run.sketch?.end() ?? [],
  };
}

function nothing(
  { device }: SessionPlan,
  { path, bytes }: { readonly path: string; readonly bytes: number },
  damages: readonly FaultWords[],
): SessionFound {
  const files = [{ path, bytes, startNs: undefined }];
  return { session: path, device, files, sides: [], damages, sketches: [] };
}

/** A file that cannot be read to its end is reported and the rest goes on; a bug is not hidden. */
function damageOf(error: unknown): FaultWords {
  const { code, message, place, remedy } = asFault(error);
  if (code === 'internal' || code === 'cancelled') throw error;
  return { code, message, place, remedy };
}
