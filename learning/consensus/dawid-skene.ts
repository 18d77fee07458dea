/**
 * Who is right when people disagree: each annotator has a confusion matrix of their own, found
 * together with the truth by expectation and maximisation.
 * Dawid, A. P. & Skene, A. M. (1979), "Maximum likelihood estimation of observer error-rates using
 * the EM algorithm", Applied Statistics 28(1), 20-28: T_ij ∝ p_j Π_a Π_l π^a_jl^n_ial.
 *
 * Counts alone are too sure of themselves: who was never seen to take a rare class for another is
 * believed never to do so. So each row is a posterior mode under a Dirichlet prior (Kim, H.-C. &
 * Ghahramani, Z. (2012), "Bayesian classifier combination", AISTATS), and a person's prior is what
 * all people together do (partial pooling: Paun, S. et al. (2018), "Comparing Bayesian models of
 * annotation", TACL 6, 571-585).
 */
import type { Vote } from './votes.ts';

export interface DawidSkeneOptions {
  readonly items: number;
  readonly annotators: number;
  readonly classes: number;
  /** The truth of some items, known for sure: index by item. These rows never move. */
  readonly gold?: ReadonlyMap<number, number>;
  /**
   * Annotators that are programs. They say nothing of what people are like, and where a person
   * spoke the first guess is the people's: one that answers everything would lead otherwise.
   */
  readonly machines?: ReadonlySet<number>;
  readonly rounds?: number;
}

export interface DawidSkene {
  /** Row-major, items x classes; each row sums to 1. */
  readonly posteriors: Float64Array;
  /** Of the classes, summing to 1. */
  readonly prior: Float64Array;
  /** annotator x true class x answered class; each row sums to 1. */
  readonly confusion: Float64Array;
  readonly rounds: number;
}

const enough = 1e-6;

/**
 * How much a prior weighs, in answers of each true class: what all people do beside one person's
 * own, and what is expected of people and programs before anybody answered.
 */
const priorAnswers = { person: 5, expected: 20 } as const;
/** What is expected: a person is right that often, a program no oftener than not. */
const expectedRight = { person: 0.9, machine: 0.5 } as const;

/** An item without votes has the prior as its posterior. At most 50 rounds unless said. */
export function dawidSkene(votes: readonly Vote[], options: DawidSkeneOptions): DawidSkene {
  const { items, annotators, classes, gold, rounds: most = 50 } = options;
  const posteriors = firstGuess(votes, options);
  const prior = new Float64Array(classes);
  const confusion = new Float64Array(annotators * classes * classes);
  const logs = new Float64Array(confusion.length);
  const next = new Float64Array(posteriors.length);
  let rounds = 0;
  for (let moved = 1; rounds < most && moved > enough; rounds += 1) {
    // Maximisation: shares of the classes, and what each annotator says of each.
    prior.fill(1);
    confusion.fill(0);
    for (let i = 0; i < posteriors.length; i += 1) {
      prior[i % classes] = (prior[i % classes] ?? 0) + (posteriors[i] ?? 0);
    }
    for (const { item, annotator, label } of votes) {
      for (let j = 0; j < classes; j += 1) {
        const at = (annotator * classes + j) * classes + label;
        confusion[at] = (confusion[at] ?? 0) + (posteriors[item * classes + j] ?? 0);
      }
    }
    normalise(prior, classes);
    addPriors(confusion, options);
    normalise(confusion, classes);
    for (let i = 0; i < logs.length; i += 1) logs[i] = Math.log(confusion[i] ?? 0);
    // Expectation: what each item is, given that.
    for (let i = 0; i < next.length; i += 1) next[i] = Math.log(prior[i % classes] ?? 0);
    for (const { item, annotator, label } of votes) {
      for (let j = 0; j < classes; j += 1) {
        const at = item * classes + j;
        next[at] = (next[at] ?? 0) + (logs[(annotator * classes + j) * classes + label] ?? 0);
      }
    }
    for (let item = 0; item < items; item += 1) fromLogs(next, item * classes, classes);
    for (const [item, label] of gold ?? []) clamp(next, { item, label, classes });
    moved = 0;
    for (let i = 0; i < next.length; i += 1) {
      moved = Math.max(moved, Math.abs((next[i] ?? 0) - (posteriors[i] ?? 0)));
    }
    posteriors.set(next);
  }
  return { posteriors, prior, confusion, rounds };
}

/** To each annotator's counts their prior: a person's is as all people do, a program's as expected. */
function addPriors(counts: Float64Array, options: DawidSkeneOptions): void {
  const { annotators, classes, machines } = options;
  const size = classes * classes;
  const isMachine = (annotator: number): boolean => machines?.has(annotator) === true;
  const people = expected(expectedRight.person, classes).map(
    (share) => share * priorAnswers.expected,
  );
  for (let i = 0; i < annotators * size; i += 1) {
    if (isMachine(Math.floor(i / size))) continue;
    people[i % size] = (people[i % size] ?? 0) + (counts[i] ?? 0);
  }
  normalise(people, classes);
  const programs = expected(expectedRight.machine, classes);
  for (let i = 0; i < annotators * size; i += 1) {
    const prior = isMachine(Math.floor(i / size))
      ? priorAnswers.expected * (programs[i % size] ?? 0)
      : priorAnswers.person * (people[i % size] ?? 0);
    counts[i] = (counts[i] ?? 0) + prior;
  }
}

/** Right as often as said, wrong in favour of no class. */
const expected = (right: number, classes: number): Float64Array =>
  new Float64Array(classes * classes).map((_, i) => {
    const isRight = Math.floor(i / classes) === i % classes;
    return isRight ? right : (1 - right) / Math.max(1, classes - 1);
  });

/** Shares of the votes, as the paper begins; of people's alone where there are any. */
function firstGuess(votes: readonly Vote[], options: DawidSkeneOptions): Float64Array {
  const { items, classes, gold, machines } = options;
  const guess = new Float64Array(items * classes).fill(1e-9);
  const ofPeople = votes.filter(({ annotator }) => machines?.has(annotator) !== true);
  const answered = new Set(ofPeople.map(({ item }) => item));
  for (const { item, annotator, label } of votes) {
    if (machines?.has(annotator) === true && answered.has(item)) continue;
    guess[item * classes + label] = (guess[item * classes + label] ?? 0) + 1;
  }
  normalise(guess, classes);
  for (const [item, label] of gold ?? []) clamp(guess, { item, label, classes });
  return guess;
}

function normalise(rows: Float64Array, width: number): void {
  for (let start = 0; start < rows.length; start += width) {
    let sum = 0;
    for (let i = start; i < start + width; i += 1) sum += rows[i] ?? 0;
    for (let i = start; i < start + width; i += 1) rows[i] = (rows[i] ?? 0) / sum;
  }
}

/** exp of a row less its largest, so that nothing overflows; then to a sum of 1. */
function fromLogs(rows: Float64Array, start: number, width: number): void {
  let most = Number.NEGATIVE_INFINITY;
  for (let i = start; i < start + width; i += 1) most = Math.max(most, rows[i] ?? 0);
  let sum = 0;
  for (let i = start; i < start + width; i += 1) {
    rows[i] = Math.exp((rows[i] ?? 0) - most);
    sum += rows[i] ?? 0;
  }
  for (let i = start; i < start + width; i += 1) rows[i] = (rows[i] ?? 0) / sum;
}

function clamp(
  rows: Float64Array,
  {
    item,
    label,
    classes,
  }: { readonly item: number; readonly label: number; readonly classes: number },
): void {
  rows.fill(0, item * classes, (item + 1) * classes);
  rows[item * classes + label] = 1;
}
