/** How good an annotator is: against labels, against gold, against others, and how fast. */
import { krippendorffAlpha, median } from '@fieldloop/learning';
import { leastPeople, qualityRows } from '../annotation-limits.ts';
import type { Db } from '../store/db.ts';
import { answersOf } from './answers.ts';
import { goldScore, type Annotator } from './annotator.ts';
import { annotatorStore } from './annotator-store.ts';

export interface Quality {
  readonly answers: number;
  readonly skips: number;
  readonly undone: number;
  readonly withdrawn: number;
  readonly secondsMedian?: number;
  readonly gold: { readonly answered: number; readonly correct: number; readonly share: number };
  /** Krippendorff's alpha with those who answered the same tasks blind. */
  readonly alpha?: number;
  readonly alphaTasks: number;
  /** What they said where the label is another or the same: of classifications. */
  readonly confusion: readonly {
    readonly said: string;
    readonly label: string;
    readonly n: number;
  }[];
  readonly labelled: number;
  readonly right: number;
}

/** Over the latest answers. */
export async function qualityOf(db: Db, annotator: Annotator): Promise<Quality> {
  const acts = await db
    .selectFrom('annotation')
    .select('action')
    .select((of) => of.fn.countAll<bigint>().as('n'))
    .where('annotator_id', '=', annotator.id)
    .groupBy('action')
    .execute();
  const count = (action: string): number =>
    Number(acts.find((one) => one.action === action)?.n ?? 0n);
  const said = await db
    .selectFrom('annotation')
    .innerJoin('task', 'task.id', 'annotation.task_id')
    .leftJoin('label', 'label.id', 'task.label_id')
    .select(['annotation.task_id', 'annotation.class', 'annotation.seconds'])
    .select(['label.class as label', 'task.gold_id', 'label.method'])
    .where('annotation.annotator_id', '=', annotator.id)
    .where('annotation.action', '=', 'submit')
    .orderBy('annotation.at', 'desc')
    .orderBy('annotation.id', 'desc')
    .limit(qualityRows)
    .execute();
  const seconds = said.flatMap((one) => (one.seconds === null ? [] : [one.seconds]));
  const answered = await db
    .selectFrom('gold_answer')
    .select('correct')
    .where('annotator_id', '=', annotator.id)
    .execute();
  const { share } = goldScore(await annotatorStore(db).goldAnswers(annotator));
  const judged = said.flatMap((one) =>
    one.class === null || one.label === null ? [] : [{ said: one.class, label: one.label }],
  );
  const others = await withOthers(
    db,
    said.flatMap((one) => (one.gold_id === null ? [one.task_id] : [])),
    annotator.id,
  );
  return {
    answers: count('submit'),
    skips: count('skip'),
    undone: count('undo'),
    withdrawn: count('withdraw'),
    ...(seconds.length === 0 ? {} : { secondsMedian: median(seconds) }),
    gold: {
      answered: answered.length,
      correct: answered.filter(({ correct }) => correct === 1n).length,
      share,
    },
    ...(others.alpha === undefined ? {} : { alpha: others.alpha }),
    alphaTasks: others.units,
    confusion: confusionOf(judged),
    labelled: judged.length,
    right: judged.filter((one) => one.said === one.label).length,
  };
}

async function withOthers(db: Db, taskIds: readonly string[], annotatorId: string) {
  const answers = await answersOf(db, taskIds);
  const names = new Map<string, number>();
  const indexOf = (name: string): number => {
    const known = names.get(name) ?? names.size;
    names.set(name, known);
    return known;
  };
  const units = [...answers.values()].flatMap((of) => {
    const blind = of.filter(({ assisted, value }) => !assisted && value.class !== undefined);
    const isTheirs = blind.some(({ annotator }) => annotator === annotatorId);
    if (!isTheirs || blind.length < leastPeople) return [];
    return [blind.map(({ value }) => indexOf(value.class ?? ''))];
  });
  return krippendorffAlpha(units);
}

function confusionOf(
  judged: readonly { readonly said: string; readonly label: string }[],
): Quality['confusion'] {
  const pairs = Map.groupBy(judged, ({ said, label }) => JSON.stringify([label, said]));
  return [...pairs]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, of]) => (of[0] === undefined ? [] : [{ ...of[0], n: of.length }]));
}
