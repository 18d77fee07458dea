/**
 * `npm run demo -- --rollout good|bad`: a new program for simulated robots on the real wire, by
 * stages, judged against a control. A good one completes; one that fails three times as often is
 * halted in its canary and taken back. What people do is done by simulated ones.
 */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Fault } from '@fieldloop/core';
import { until } from '../loop/api.ts';
import { demandReplay, type Followed, followRollout } from './follow.ts';
import { firstPlan, judgedPlan } from './plan.ts';
import { component, type Released, releaseProgram } from './release.ts';
import { openScene, type Scene, type ScenePlan } from './scene.ts';

export type Candidate = 'good' | 'bad';

export interface RolloutDemo extends Pick<ScenePlan, 'root' | 'step' | 'seed'> {
  readonly candidate: Candidate;
  readonly signal: AbortSignal;
  readonly say: (text: string) => void;
}

const devices = 60;
const speed = 100;
/** Of a robot in an hour of its life. */
const usualRate = 3;
const worse = 3;
const firstWithinMs = 150_000;
const withinMs = 300_000;
/** The fleet's past says which robots are clumsy by nature. */
const pastMs = 15_000;
const reportsWithinMs = 60_000;

/** Resolves when it ended as it has to; a fault says how it ended else. */
export async function runRollout(demo: RolloutDemo): Promise<void> {
  const { root, candidate, say } = demo;
  const folder = join(root, '.fieldloop', 'demo');
  const began = performance.now();
  const stage = (title: string): void => {
    const seconds = Math.round((performance.now() - began) / 1000);
    say(`\n[${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}] ${title}`);
  };
  say(`  robots are simulated, and live ${speed} hours in one; the cloud's clocks are true, and`);
  say('  the plan asks for short looks. People are simulated, on the public API alone.');
  await using scene = await openScene({ ...demo, folder, devices, speed });
  const ended = new AbortController();
  void scene.firstEnd.then((running) => {
    const message = `${running.name} ended by itself:\n${running.tail()}`;
    ended.abort(new Fault('unavailable', message, { remedy: `Its log is in ${folder}.` }));
  });
  const signal = AbortSignal.any([demo.signal, ended.signal]);
  stage(`Every robot gets ${component} 1.0.0: ${usualRate} failed trips in an hour of a robot`);
  const old = await releaseProgram(scene, { version: '1.0.0', failuresPerHour: usualRate });
  const following = { scene, say, signal };
  const text = firstPlan(old.version);
  const first = await followRollout({ ...following, text, withinMs: firstWithinMs });
  demandEnd(first, 'completed');
  await demandRunning(scene, old, { signal, say });
  // Trips of every robot with the program that all have, before another is compared with it.
  await delay(pastMs, undefined, { signal });
  const rate = candidate === 'bad' ? usualRate * worse : usualRate;
  const words = candidate === 'bad' ? `${worse} times as often` : 'as often as before';
  stage(`The candidate ${component} 1.1.0 fails ${words}, which nobody knows before it drives`);
  const made = { version: '1.1.0', failuresPerHour: rate };
  const next = await releaseProgram(scene, made, old.version);
  const second = await followRollout({ ...following, text: judgedPlan(next.version), withinMs });
  stage('What the robots say');
  if (candidate === 'good') await ofGood(scene, { rollout: second, next }, { signal, say });
  else await ofBad(scene, { rollout: second, old }, { signal, say });
  say(`  ${await demandReplay(scene.engineer.api, second.id)}`);
  say('To look at it again: npx fieldloop cloud run --data .fieldloop/demo/cloud, then');
  say(`npx fieldloop rollouts verdicts ${second.id}`);
}

interface Saying {
  readonly signal: AbortSignal;
  readonly say: (text: string) => void;
}

async function ofGood(
  scene: Scene,
  { rollout, next }: { readonly rollout: Followed; readonly next: Released },
  saying: Saying,
): Promise<void> {
  const asked = rollout.decisions.filter(({ rule }) => rule === 'inconclusive').length;
  if (rollout.state !== 'completed') {
    saying.say(
      '  In one of twenty harmless rollouts, at most, chance looks like harm (alpha .05).',
    );
  }
  demandEnd(rollout, 'completed');
  await demandRunning(scene, next, saying);
  const inDoubt = asked === 0 ? 'each by evidence' : `${asked} of them by a person, in doubt`;
  saying.say(
    `The good candidate is everywhere after ${rollout.looks} looks; stages passed ${inDoubt}.`,
  );
}

async function ofBad(
  scene: Scene,
  { rollout, old }: { readonly rollout: Followed; readonly old: Released },
  saying: Saying,
): Promise<void> {
  demandEnd(rollout, 'rolled_back');
  const halt = rollout.decisions.find(({ action }) => action === 'halt');
  const at = halt?.inputs.stage?.name;
  if (halt?.rule !== 'regressed' || at !== 'canary') {
    throw unexpected(rollout, `it was halted by ${halt?.rule ?? 'nobody'} in ${at ?? 'no stage'}`);
  }
  const path = `/v1/rollouts/${rollout.id}/targets`;
  const targets = await scene.engineer.api.all<{ readonly attempt: number }>(path);
  const exposed = targets.filter(({ attempt }) => attempt > 0).length;
  await demandRunning(scene, old, saying);
  saying.say(
    `The bad candidate was halted in its canary by the judge, after ${rollout.looks} looks; ` +
      `${exposed} of ${targets.length} robots had it, and none has it now.`,
  );
}

function demandEnd(rollout: Followed, state: string): void {
  if (rollout.state !== state) throw unexpected(rollout, rollout.reason ?? 'no reason is known');
}

const unexpected = ({ id, state }: Followed, why: string): Fault =>
  new Fault('conflict', `${id} ended as ${state}: ${why}`, {
    remedy: `npx fieldloop rollouts explain ${id}, while a cloud runs on .fieldloop/demo/cloud.`,
  });

interface Device {
  readonly name: string;
  readonly running: {
    readonly models?: {
      readonly document: {
        readonly state?: string;
        readonly running?: Readonly<Record<string, { readonly sha256: string } | undefined>>;
      };
    };
  };
}

/** Every robot says that it runs exactly these bytes, which it hashed itself. */
async function demandRunning(
  { engineer }: Scene,
  { sha256, version }: Released,
  { signal, say }: Saying,
): Promise<void> {
  const what = `the word of all ${devices} robots that they run ${version}`;
  await until(what, { signal, withinMs: reportsWithinMs }, async () => {
    const all = await engineer.api.all<Device>('/v1/devices');
    const have = all.filter(({ running: { models } }) => {
      const { state, running } = models?.document ?? {};
      return state === 'running' && running?.[component]?.sha256 === sha256;
    });
    if (all.length !== devices || have.length !== devices) return undefined;
    say(
      `  ${have.length} of ${devices} robots report ${component} ${version}, by the hash of its bytes:`,
    );
    say(`  ${sha256}`);
    return true;
  });
}
