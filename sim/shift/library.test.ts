/**
 * Goal: each rule of the library finds what it is for, and nothing else, in shifts whose truth is
 * known.
 * Method: seeded shifts with every mishap and its look-alikes, all rules as one set over them as
 * whole sessions, fires against truth.
 */
import { entropy, margin } from '@fieldloop/learning';
import { type RecordingItem, readRecording } from '@fieldloop/recording';
import {
  loadLibrary,
  mergeRuleSets,
  openRecordedScores,
  openTrial,
  type RuleSet,
  type Trial,
} from '@fieldloop/rules';
import { beforeAll, expect, test } from 'vitest';
import { openDrive } from './drive.ts';
import { recordShift, type ShiftTruth } from './record.ts';
import { mishapKinds, type MishapKind, shiftScript } from './script.ts';

/** What each rule is for. A rule may find what belongs to another matter, and need not. */
const duties: Readonly<
  Record<string, { readonly finds: MishapKind; readonly may?: MishapKind[] }>
> = {
  'near-miss': { finds: 'near_miss' },
  'hard-brake': { finds: 'hard_brake' },
  'unexpected-obstacle': { finds: 'obstacle' },
  disengagement: { finds: 'disengagement' },
  'confidence-drop': { finds: 'doubt' },
  'model-disagreement': { finds: 'disagreement', may: ['doubt'] },
  'sensor-dropout': { finds: 'lidar_dropout' },
  stuck: { finds: 'stuck' },
  'localisation-jump': { finds: 'pose_jump' },
  'low-battery': { finds: 'low_battery' },
  overheating: { finds: 'overheating' },
};

const seeds = ['a', 'b'];
const seconds = 640;

interface Shift {
  readonly truth: readonly ShiftTruth[];
  readonly trial: Trial;
}

let ruleSet: RuleSet;
const shifts: Shift[] = [];

beforeAll(async () => {
  ({ ruleSet } = mergeRuleSets(await loadLibrary(), { name: 'library', version: 1 }));
  for (const seed of seeds) shifts.push(await replayed(seed));
}, 60_000);

async function replayed(seed: string): Promise<Shift> {
  const pieces: Uint8Array[] = [];
  const { truth } = await recordShift({
    seed,
    seconds,
    out: { write: async (bytes) => void pieces.push(bytes.slice()), sync: async () => {} },
  });
  const bytes = new Uint8Array(Buffer.concat(pieces));
  const file = {
    name: seed,
    size: bytes.length,
    read: (offset: number, length: number) =>
      Promise.resolve(bytes.subarray(offset, offset + length)),
  };
  const items: RecordingItem[] = [];
  const scores = openRecordedScores();
  for await (const item of readRecording(file)) {
    items.push(item);
    scores.take(item);
  }
  const waiting = scores.inOrder();
  const trial = openTrial(ruleSet, { device: 'amr-01', whole: true });
  for (const item of items) {
    if (item.kind === 'block') {
      while ((waiting[0]?.atNs ?? item.block.lastNs + 1n) <= item.block.lastNs) {
        const score = waiting.shift();
        if (score !== undefined) trial.score(score);
      }
    }
    trial.take(item);
  }
  const ended = trial.end();
  if (ended === undefined) throw new TypeError('an empty shift');
  return { truth, trial: ended };
}

/** A rule needs a moment to be sure, and what it saw may last a little longer than the truth. */
const slackNs = 1_000_000_000n;

const firesOf = ({ trial }: Shift, rule: string): bigint[] =>
  trial.triggers.filter(({ marker }) => marker === rule).map(({ atNs }) => atNs);

const holds = ({ atNs, untilNs }: ShiftTruth, fireNs: bigint): boolean =>
  fireNs >= atNs && fireNs <= untilNs + slackNs;

test('in these shifts models disagree by their class, and by how sure they are', () => {
  const seconds = shifts.flatMap(({ truth, trial }) =>
    truth
      .filter(({ kind }) => kind === 'disagreement')
      .map(({ atNs }) => Math.floor(Number(atNs - trial.startNs) / 1e9) % 2),
  );
  expect(new Set(seconds).size).toBe(2);
});

test.each(Object.entries(duties))('%s finds each %o, once, and nothing else', (rule, duty) => {
  const cooldownNs = BigInt(ruleSet.rules.find(({ id }) => id === rule)?.cooldownNs ?? 0);
  let found = 0;
  for (const shift of shifts) {
    const fires = firesOf(shift, rule);
    for (const truth of shift.truth.filter(({ kind }) => kind === duty.finds)) {
      const own = fires.filter((fireNs) => holds(truth, fireNs));
      // Within its cooldown a rule has said all it has to say.
      const isQuiet = fires.some((ns) => ns < truth.atNs && truth.untilNs < ns + cooldownNs);
      expect([truth.kind, truth.atNs, own.length]).toEqual([
        truth.kind,
        truth.atNs,
        isQuiet ? 0 : 1,
      ]);
      found += own.length;
    }
    const kinds: readonly MishapKind[] = [duty.finds, ...(duty.may ?? [])];
    const wrong = fires.filter(
      (fireNs) => !shift.truth.some((one) => kinds.includes(one.kind) && holds(one, fireNs)),
    );
    expect(wrong.map((ns) => Number(ns - shift.trial.startNs) / 1e9)).toEqual([]);
  }
  expect(found).toBeGreaterThanOrEqual(seeds.length);
});

test('no rule of the library is without a duty, but those that sample', () => {
  const sampling = ['baseline-sample', 'novelty'];
  const ids = ruleSet.rules.map(({ id }) => id).filter((id) => !sampling.includes(id));
  expect(ids.sort()).toEqual(Object.keys(duties).sort());
});

test('the shifts hold every mishap and every look-alike', () => {
  for (const seed of seeds) {
    const kinds = new Set(shiftScript(seed, seconds).map(({ kind }) => kind));
    for (const kind of mishapKinds) expect(kinds).toContain(kind);
    expect(kinds.size).toBe(mishapKinds.length + 10);
  }
});

test('the baseline comes by the clock', () => {
  for (const shift of shifts) {
    const at = firesOf(shift, 'baseline-sample').map(
      (ns) => Number(ns - shift.trial.startNs) / 1e9,
    );
    expect(at).toEqual([5, 605]);
  }
});

test('novelty keeps the first of what it does not know, and what is known by lot alone', () => {
  for (const shift of shifts) {
    const fires = firesOf(shift, 'novelty');
    const [unknown] = shift.truth.filter(({ kind }) => kind === 'novelty');
    if (unknown === undefined) throw new TypeError('a shift without novelty');
    // The first picture of all is new too; later ones of the unknown place are not.
    expect(fires[0]).toBeLessThan(shift.trial.startNs + 5_000_000_000n);
    expect(fires.filter((ns) => holds(unknown, ns))).toHaveLength(1);
    expect(fires.length).toBeLessThan(5);
  }
});

test('nothing was read wrongly', () => {
  for (const { trial } of shifts) expect(trial).toMatchObject({ faults: 0, dropped: 0 });
});

test('models of a shift that are sure say what a model on a robot says that is sure', () => {
  const drive = openDrive('a', []);
  for (let ticks = 0; ticks < 100; ticks += 1) drive.step();
  const [sure, torn] = [
    [0.92, 0.05, 0.03],
    [0.4, 0.38, 0.22],
  ];
  for (const [said, score] of [
    [drive.entropy, entropy],
    [drive.margin, margin],
    [drive.shadowMargin, margin],
  ] as const) {
    expect(Math.abs(said - score(sure))).toBeLessThan(Math.abs(said - score(torn)) / 2);
  }
});
