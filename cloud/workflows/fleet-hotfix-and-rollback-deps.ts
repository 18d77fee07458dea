/** What a hotfix acts on: each effect is one transaction under its key. */
import { canonicalJson, Fault, type Ids, sha256Hex } from '@fieldloop/core';
import { freezeStore } from '../freeze/store.ts';
import type { ReleaseManifest } from '../release/release.ts';
import { doVerb, settlePlan } from '../rollout/acts.ts';
import { devicesRunning } from '../rollout/affected.ts';
import { parsePlan, type RolloutPlan } from '../rollout/document.ts';
import { previewPlan } from '../rollout/preview.ts';
import { liveStates } from '../rollout/rollout.ts';
import { rolloutStore } from '../rollout/store.ts';
import { putAudit } from '../store/audit-chain.ts';
import { openCase } from '../store/case-queue.ts';
import type { Db } from '../store/db.ts';
import { once } from '../store/effects.ts';
import { findRelease, type ReleaseRef } from '../store/release-ref.ts';
import {
  type Affected,
  hotfix,
  type HotfixDeps,
  type HotfixInput,
} from './fleet-hotfix-and-rollback.ts';
import { pending } from './kit/flow.ts';
import { workflow, type WorkflowGround } from './kit/workflow.ts';

type Ground = Pick<WorkflowGround, 'read' | 'write' | 'clock' | 'ids'>;

const actor = 'fleet-hotfix-and-rollback';

export const hotfixDeps = ({ write, clock, ids }: Ground): HotfixDeps => ({
  freeze: async (input, e) =>
    await once(write, e.key, async (trx) => {
      if (!input.freeze) return { freeze: null };
      const id = ids.ulid('frz');
      const { reason } = input;
      const made = { id, reason, cause: e.run, by: actor, at: clock.now() };
      return { freeze: (await freezeStore(trx).set(made)).id };
    }),
  // The run is the incident: its history, gates and evidence are the record.
  open: async (input, e) =>
    await once(write, e.key, async (trx) => {
      const detail = { digest: input.digest, reason: input.reason, cause: input.cause };
      await audit(trx, { action: 'incident.open', subject: e.run, detail, at: clock.now() });
      return { incident: e.run };
    }),
  affected: async (input, e) =>
    await once(write, e.key, async (trx) => await affectedBy(trx, input)),
  plan: async ({ input, option }, e) =>
    await once(write, e.key, async (trx) => ({
      rollout:
        option === 'take_back'
          ? await takeBack(trx, input, { run: e.run, at: clock.now() })
          : await emergency(trx, { input, option, ids, at: clock.now() }),
    })),
  verify: async (input) => {
    const found = await write
      .transaction()
      .execute(async (trx) => await devicesRunning(trx, await badRelease(trx, input)));
    const bad = found.filter(({ online }) => online).length;
    return bad > 0 ? pending : { bad, pending: found.length - bad };
  },
  cases: async (input, e) =>
    await once(write, e.key, async (trx) => {
      const bad = await badRelease(trx, input);
      const left = await devicesRunning(trx, bad);
      for (const { id } of left) {
        const report = {
          key: `${e.key}/${id}`,
          device: id,
          kind: 'bad_release',
          severity: 'sev1',
          source: 'rollout',
          subject: bad.id,
          summary: `it still runs ${bad.name}@${bad.semver}: ${input.reason}`.slice(0, 400),
        } as const;
        await openCase(trx, report, { at: clock.now(), by: actor });
      }
      return { cases: left.length };
    }),
  lift: async (freeze, by, e) =>
    await once(write, e.key, async (trx) => {
      const store = freezeStore(trx);
      const reason = 'the emergency is over';
      await store.lift(await store.get(freeze), { by, reason, at: clock.now() });
      return { lifted: true };
    }),
  close: async (incident, { outcome, review }, e) =>
    await once(write, e.key, async (trx) => {
      const detail = { outcome, review };
      await audit(trx, { action: 'incident.close', subject: incident, detail, at: clock.now() });
      return { closed: true };
    }),
});

const audit = async (
  trx: Db,
  entry: {
    readonly action: string;
    readonly subject: string;
    readonly detail: Readonly<Record<string, string>>;
    readonly at: number;
  },
): Promise<void> => {
  await putAudit(trx, { ...entry, actor, via: 'workflow' });
};

/** Fault `not_found`: a digest that was never a release of this cloud. */
async function badRelease(db: Db, { digest }: HotfixInput): Promise<ReleaseRef> {
  const release = await findRelease(db, digest);
  if (release !== undefined) return release;
  throw new Fault('not_found', `there is no release with the digest ${digest.slice(0, 12)}`, {
    remedy: 'Name the digest of a release: fieldloop releases list.',
  });
}

async function affectedBy(trx: Db, input: HotfixInput): Promise<Affected> {
  const bad = await badRelease(trx, input);
  const devices = (await devicesRunning(trx, bad)).map(({ id }) => id);
  const { previous } = JSON.parse(bad.manifest) as ReleaseManifest;
  const options: string[] = [];
  for (const ref of [previous, input.corrective]) {
    const release = ref === undefined ? undefined : await findRelease(trx, ref);
    if (release?.state === 'released') options.push(`${release.name}@${release.semver}`);
  }
  return {
    release: `${bad.name}@${bad.semver}`,
    devices: devices.length,
    sha256: sha256Hex(canonicalJson(devices)),
    options: [...new Set(options)],
  };
}

/** Every rollout that brought it goes back; the newest is the one that is waited for. */
async function takeBack(
  trx: Db,
  input: HotfixInput,
  { run, at }: { readonly run: string; readonly at: number },
): Promise<string> {
  const bad = await badRelease(trx, input);
  const rows = await trx
    .selectFrom('rollout')
    .select('id')
    .where('release_id', '=', bad.id)
    .where('state', 'in', ['completed', 'running', 'paused', 'held', 'halted'])
    .orderBy('id', 'desc')
    .execute();
  const [newest] = rows;
  if (newest === undefined) {
    throw new Fault('conflict', `no rollout has ${bad.name}@${bad.semver}`, {
      remedy: 'Choose a release that takes its place.',
    });
  }
  for (const { id } of rows) {
    const rollout = await rolloutStore(trx).get(id);
    await doVerb(trx, rollout, 'rollback', { actor, reason: input.reason, at });
  }
  // Its own child runs it; the others have runs of their own.
  await rolloutStore(trx).setRun(newest.id, run);
  return newest.id;
}

interface Wanted {
  readonly input: HotfixInput;
  readonly option: string;
  readonly ids: Ids;
  readonly at: number;
}

/** Two people approved it by choosing the way: it is scheduled at once, before everything else. */
async function emergency(trx: Db, { input, option, ids, at }: Wanted): Promise<string> {
  const store = rolloutStore(trx);
  const devices = (await devicesRunning(trx, await badRelease(trx, input))).map(({ id }) => id);
  const others = await trx
    .selectFrom('rollout_target as t')
    .innerJoin('rollout as o', 'o.id', 't.rollout_id')
    .select(['o.id', 't.device_id'])
    .where('o.state', 'in', liveStates)
    .where('t.arm', '<>', 'excluded')
    .execute();
  const concerned = new Set(
    others.filter((row) => devices.includes(row.device_id)).map(({ id }) => id),
  );
  for (const other of concerned) {
    const reason = `an emergency: ${input.reason}`;
    await doVerb(trx, await store.get(other), 'supersede', { actor, reason, at });
  }
  const id = ids.ulid('rol');
  const plan = emergencyPlan(option);
  const preview = await previewPlan(trx, { rollout: id, plan, supersede: [], devices, at });
  const { release } = preview;
  await store.create({
    id,
    releaseId: release.id,
    releaseDigest: release.digest,
    plan,
    planDigest: preview.digest,
    rows: preview.rows,
    urgency: 'emergency',
    by: actor,
    at,
  });
  await settlePlan(trx, id, 'scheduled', { actor, reason: input.reason, at });
  return id;
}

/** A few first, half an hour of bake, then everyone who runs what is bad. */
function emergencyPlan(release: string): RolloutPlan {
  const { plan } = parsePlan(
    JSON.stringify({
      apiVersion: 'fieldloop.rollout/v1',
      kind: 'Rollout',
      release,
      selector: 'id:*',
      control: { percent: 0, min: 0 },
      stages: [
        { name: 'canary', percent: 10, min: 1, bake: '30m' },
        { name: 'final', percent: 100 },
      ],
    }),
  );
  if (plan === undefined) throw new TypeError('the plan of emergencies is wrong');
  return plan;
}

interface Asked {
  readonly digest?: unknown;
  readonly reason?: unknown;
  readonly freeze?: unknown;
  readonly corrective?: unknown;
  readonly by?: unknown;
}

export const hotfixWorkflow = workflow({
  name: 'fleet-hotfix-and-rollback',
  version: 1,
  body: hotfix,
  deps: hotfixDeps,
  check: (input) => input as HotfixInput,
  triggers: [
    {
      name: 'hotfix-asked',
      version: 1,
      on: ['rollout.hotfix_asked', 'release.withdrawn'],
      onePerSubject: true,
      match: ({ kind, subject, body }) => {
        const { digest, reason, freeze, corrective } = body as Asked;
        const input: HotfixInput = {
          digest: typeof digest === 'string' ? digest : '',
          reason: typeof reason === 'string' ? reason : 'its release was withdrawn',
          cause: kind,
          freeze: freeze === true,
          ...(typeof corrective === 'string' ? { corrective } : {}),
        };
        return { input, subject };
      },
    },
  ],
});
