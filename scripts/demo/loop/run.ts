/**
 * `npm run demo -- --loop`: from failures of a model in a place that nobody trained it on to the
 * model that no longer makes them, on every robot. What people do is done by simulated ones.
 */
import { availableParallelism, loadavg } from 'node:os';
import { Fault } from '@fieldloop/core';
import { openApi } from './api.ts';
import { fieldloop } from './command.ts';
import { type Closed, closeFailures } from './field.ts';
import { followGates } from './gates.ts';
import { rules as signingRules } from './judgement.ts';
import { labelWindow } from './labelling.ts';
import { heldOutSeconds, heldOutWorlds, measureModel, type PlaceFigure } from './measure.ts';
import { hire, mistakeRate, type Staff } from './people.ts';
import { model, prepareData } from './prepare.ts';
import { collect } from './collect.ts';
import { rollOut } from './rollout.ts';
import type { LoopPlan, Stage } from './stage.ts';
import { candidateOf, trainedRelease } from './training.ts';

/**
 * Resolves when a failure of before is closed by the release and the model is wrong less often in
 * the cold store; a fault says what came instead, and where to look.
 */
export async function runLoop(plan: LoopPlan): Promise<void> {
  const started = performance.now();
  const { root, site, say } = plan;
  const stage = (title: string): void => {
    const seconds = Math.round((performance.now() - started) / 1000);
    say(`\n[${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}] ${title}`);
  };
  const at: Stage = { ...plan, stage };
  const url = site.cloud.urls.http;
  const admin = openApi(url, site.cloud.key);
  stage('People: simulated. Nine accounts with keys of their own, on the public API alone');
  const staff = await hire(url, admin);
  introduce(say);
  stage(`The model that robots were delivered with becomes the champion`);
  say('  $ fieldloop models import sim/model');
  say(await fieldloop(root, ['models', 'import', 'sim/model']));
  const over = new AbortController();
  const measuring = { root, folder: site.folder, seed: plan.seed, signal: over.signal };
  const measured = async (id: string): Promise<readonly PlaceFigure[]> =>
    await measureModel(measuring, admin, id);
  try {
    await turn(at, staff, measured);
  } finally {
    over.abort();
  }
}

function introduce(say: LoopPlan['say']): void {
  const wrong = mistakeRate * 100;
  say('  Ada, Bao, Cem, Dina, Eda answer tasks: they see what the simulator knows to be ahead,');
  say(`  and are wrong ${wrong} times in 100. Sol decides where they disagree; Ines plans;`);
  say('  Jon and Mara (release manager) sign by these rules, and say no otherwise:');
  for (const rule of signingRules) say(`    ${rule}`);
  const load = (loadavg()[0] ?? 0).toFixed(1);
  say(`  This machine has ${availableParallelism()} cores and a load of ${load}.`);
}

async function turn(
  at: Stage,
  staff: Staff,
  measured: (modelVersion: string) => Promise<readonly PlaceFigure[]>,
): Promise<void> {
  const { stage, say } = at;
  const { api } = staff.engineer;
  const champion = await api.get<{ id: string }>(`/v1/models/${model}/versions/champion`);
  // Measured beside everything else: what fails is told when it is asked for.
  const before = measured(champion.id);
  before.catch(() => undefined);
  await collect(at, staff);
  const { test, calibration, train } = await prepareData(api);
  say('  data set, triage policy and training policy stand; whole drives are on one side:');
  say(`  ${train.length} train, ${calibration.length} calibrate, ${test.length} test`);
  await using gates = followGates(at, staff);
  await labelWindow(at, staff);
  const candidate = await candidateOf(at, { staff, gates });
  const after = measured(candidate);
  after.catch(() => undefined);
  const release = await trainedRelease(at, { staff, gates, candidate });
  const rollout = await rollOut(at, { staff, gates, release, candidate });
  const closed = await closeFailures(at, { staff, release });
  stage('The same model files on worlds that nobody saw, before and after');
  say(
    `  ${heldOutWorlds} worlds of ${heldOutSeconds} s, three robots, moving, five frames a second;`,
  );
  say('  95 % intervals by robot and world');
  compare(at, await before, await after);
  await showLineage(at, closed, rollout);
}

function compare(
  { say }: Stage,
  before: readonly PlaceFigure[],
  after: readonly PlaceFigure[],
): void {
  const share = ({ failureRate, low, high }: PlaceFigure): string => {
    const [rate, from, to] = [failureRate, low, high].map((value) => (value * 100).toFixed(1));
    return `${rate} % (${from}-${to})`.padStart(21);
  };
  say(`  wrong in      ${'before'.padStart(21)} ${'after'.padStart(21)}   frames`);
  let isBetter = false;
  for (const was of before) {
    const { place, frames } = was;
    const now = after.find((one) => one.place === place);
    if (now === undefined) continue;
    if (place === coldStore) isBetter = now.failureRate < was.failureRate;
    say(`  ${place.padEnd(12)}  ${share(was)} ${share(now)} ${String(frames).padStart(8)}`);
  }
  if (isBetter) return;
  throw new Fault('conflict', 'the new model is no better in the cold store', {
    remedy: 'Look at its data set and evaluation; another --seed is another world.',
  });
}

/** The place that the delivered model was never trained on. */
const coldStore = 'cold-store';

async function showLineage({ root, stage, say }: Stage, closed: Closed, rollout: string) {
  stage(`The way of one failure: ${closed.failure}, by ${rollout}`);
  say(`  $ fieldloop lineage ${closed.failure} --verify`);
  const way = await fieldloop(root, ['lineage', closed.failure, '--verify']);
  say(way);
  const links = ['clip', 'failure', 'task', 'label', 'evaluation', 'release', 'rollout decision'];
  const missing = links.find((link) => !way.includes(`${link} `));
  if (missing !== undefined) {
    throw new Fault('internal', `the lineage has no ${missing}`, { remedy: 'Report it.' });
  }
  say(`The loop closed: ${closed.why}.`);
}
