/**
 * `npm run demo -- --loop`: from failures of a model in a place that nobody trained it on to the
 * model that no longer makes them, on every robot. What people do is done by simulated ones.
 */
import { join } from 'node:path';
import { Fault } from '@fieldloop/core';
import { openApi } from './api.ts';
import { fieldloop } from './command.ts';
import { type Closed, closeFailures } from './field.ts';
import { followGates } from './gates.ts';
import { labelWindow } from './labelling.ts';
import { heldOutSeconds, heldOutWorlds, measureModel, type PlaceFigure } from './measure.ts';
import { hire, mistakeRate } from './people.ts';
import { model, prepareData } from './prepare.ts';
import { collect } from './collect.ts';
import { rollOut } from './rollout.ts';
import type { LoopPlan, Stage } from './stage.ts';
import { candidateOf, trainedRelease } from './training.ts';

/** Resolves when a failure of before is closed by the release; a fault says where it stands. */
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
  say(`  Ada, Bao, Cem, Dina, Eda answer tasks and are wrong ${mistakeRate * 100} times in 100;`);
  say('  Sol decides where they disagree; Ines plans; Jon and Mara (release manager) approve.');
  stage(`The model that robots were delivered with becomes the champion`);
  say('  $ fieldloop models import sim/model');
  say(await fieldloop(root, ['models', 'import', 'sim/model']));
  const champion = await admin.get<{ id: string }>(`/v1/models/${model}/versions/champion`);
  const measuring = { root, folder: site.folder, seed: plan.seed };
  const before = measureModel(measuring, admin, champion.id);
  before.catch(() => undefined);
  await collect(at, staff);
  const { test, calibration, train } = await prepareData(staff.engineer.api);
  say('  data set, triage policy and training policy stand; whole drives are on one side:');
  say(`  ${train.length} train, ${calibration.length} calibrate, ${test.length} test`);
  await using gates = followGates(at, staff);
  await labelWindow(at, staff);
  const candidate = await candidateOf(at, { staff, gates });
  const release = await trainedRelease(at, { staff, gates, candidate });
  const rollout = await rollOut(at, { staff, gates, release, candidate });
  const closed = await closeFailures(at, { staff, release });
  stage('The same model files on worlds that nobody saw, before and after');
  say(
    `  ${heldOutWorlds} worlds of ${heldOutSeconds} s, three robots, moving, five frames a second`,
  );
  const after = await measureModel(measuring, admin, candidate);
  compare(at, await before, after);
  await showLineage(at, closed, rollout);
}

function compare(
  { say }: Stage,
  before: readonly PlaceFigure[],
  after: readonly PlaceFigure[],
): void {
  const share = (value: number): string => `${(value * 100).toFixed(1)} %`.padStart(8);
  say('  wrong in        before    after   frames');
  let isBetter = false;
  for (const { place, frames, failureRate } of before) {
    const now = after.find((one) => one.place === place)?.failureRate ?? 1;
    if (place === 'cold-store') isBetter = now < failureRate;
    say(`  ${place.padEnd(12)} ${share(failureRate)} ${share(now)} ${String(frames).padStart(8)}`);
  }
  if (isBetter) return;
  throw new Fault('internal', 'the new model is no better in the cold store', {
    remedy: 'Keep .fieldloop/demo and report it.',
  });
}

async function showLineage({ root, stage, say }: Stage, closed: Closed, rollout: string) {
  stage(`The way of one failure: ${closed.failure}, by ${rollout}`);
  say(`  $ fieldloop lineage ${closed.failure} --verify`);
  say(await fieldloop(root, ['lineage', closed.failure, '--verify']));
  say(`The loop closed: ${closed.why}.`);
  say(`Everything stays in ${join('.fieldloop', 'demo')} until the next demo.`);
}
