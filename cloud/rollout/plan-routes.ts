/** From a document to a rollout that waits for its approval: the dry run, and the start. */
import { Fault } from '@fieldloop/core';
import { authorize } from '../http/caller.ts';
import type { NounDeps } from '../http/deps.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { answeredAs } from '../http/problem.ts';
import { documentFault } from '../http/yaml-document.ts';
import { emergencyBakeMs, maxDocumentBytes } from '../release-limits.ts';
import type { Db } from '../store/db.ts';
import { maxReasonLength } from '../limits.ts';
import { putOutbox } from '../store/outbox.ts';
import { findRelease } from '../store/release-ref.ts';
import { doVerb } from './acts.ts';
import { type AdviceFacts, adviceOf, stagesOf } from './advice.ts';
import { durationMs, parsePlan, type RolloutPlan } from './document.ts';
import { rolloutSchema } from './json.ts';
import { leastMs } from './plan.ts';
import { demandWayBack, type Power, powerOf, previewPlan, type Previewed } from './preview.ts';
import { shownRollout } from './shown.ts';
import { rolloutStore } from './store.ts';

export const planOperations = (deps: NounDeps): readonly Operation[] => [
  plan(deps),
  start(deps),
  hotfix(deps),
];

const tag = 'rollouts';
const rolloutId = z.string().regex(/^rol_[0-9A-HJKMNP-TV-Z]{26}$/, 'is not the id of a rollout');
const bodyFields = {
  text: z.string().min(1).max(maxDocumentBytes).openapi({ description: 'YAML or JSON.' }),
  supersede: z.array(rolloutId).max(8).default([]).openapi({
    description: 'Live rollouts that end when this one starts; it has their robots.',
  }),
};

const chance = z.object({
  halted: z.number(),
  medianHours: z.number(),
  meanExposed: z.number(),
});

const planned = z
  .object({
    id: z.string().openapi({ description: 'Under which it can be started.' }),
    release: z.object({ id: z.string(), name: z.string(), digest: z.string() }),
    digest: z.string(),
    targets: z.int(),
    found: z.int(),
    excluded: z.record(z.string(), z.int()).openapi({ description: 'By why.' }),
    arms: z.object({
      control: z.int(),
      stages: z.array(
        z.object({
          name: z.string(),
          devices: z.int(),
          decides: z.string().openapi({ description: 'What lets it end, in words.' }),
        }),
      ),
      strata: z.int(),
    }),
    power: z.array(
      z.object({
        metric: z.string(),
        perDeviceHour: z.number(),
        threefold: chance,
        twofold: chance,
      }),
    ),
    load: z.object({ bytes: z.number(), site: z.string(), siteHours: z.number() }),
    leastHours: z.number(),
    wayBack: z
      .object({ release: z.string(), present: z.int() })
      .optional()
      .openapi({ description: 'How many robots run what the release goes back to.' }),
    notes: z
      .array(z.string())
      .openapi({ description: 'What this plan cannot show or do with so many robots.' }),
  })
  .openapi('RolloutPlanned');

/** The document, or a problem that names every fault in it. */
function readPlan(text: string): RolloutPlan {
  const { plan: found, faults } = parsePlan(text);
  if (found !== undefined && faults.length === 0) return found;
  throw answeredAs(documentFault('the plan', faults), {
    errors: faults.map(({ line, column, message }) => ({
      pointer: '/body/text',
      message: `${line}:${column} ${message}`,
    })),
  });
}

const plan = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'planRollout',
      tag,
      method: 'post',
      path: '/v1/rollouts:plan',
      summary: 'What a plan would do now: robots, arms, power, load. Nothing is written',
      right: 'rollouts:read',
      faults: ['conflict', 'not_found', 'limited'],
    },
    {
      body: z.strictObject(bodyFields),
      answer: { status: 200, description: 'The plan as it would be frozen.', schema: planned },
    },
    async ({ body }) => {
      const found = readPlan(body.text);
      const id = deps.ids.ulid('rol');
      const query = { rollout: id, plan: found, supersede: body.supersede };
      const preview = await previewPlan(deps.read, { ...query, at: deps.clock.now() });
      return plannedJson({ id, plan: found, preview, power: powerOf(found, preview, id) });
    },
  );

function plannedJson(of: {
  readonly id: string;
  readonly plan: RolloutPlan;
  readonly preview: Previewed;
  readonly power: readonly Power[];
}): z.infer<typeof planned> {
  const { id, preview, power } = of;
  const { rows, release, load, sizes, wayBack } = preview;
  const out = rows.filter(({ arm }) => arm === 'excluded');
  const inside = rows.filter(({ arm }) => arm !== 'excluded');
  const reasons = Map.groupBy(out, ({ why = '' }) => why);
  const shown = ({ halted, medianHours, meanExposed }: Power['threefold']) => ({
    halted,
    medianHours,
    meanExposed,
  });
  const control = inside.filter(({ arm }) => arm === 'control').length;
  const halted = Object.fromEntries(power.map((one) => [one.metric, one.threefold.halted]));
  const back = wayBack && { release: wayBack.release, missing: wayBack.missing.size };
  const facts: AdviceFacts = { sizes, control, halted, wayBack: back };
  return {
    id,
    release: { id: release.id, name: `${release.name}@${release.semver}`, digest: release.digest },
    digest: preview.digest,
    targets: inside.length,
    found: rows.length,
    excluded: Object.fromEntries([...reasons].map(([why, list]) => [why, list.length])),
    arms: {
      control,
      stages: [...stagesOf(of.plan, facts)],
      strata: new Set(inside.map(({ stratum }) => stratum)).size,
    },
    power: power.map(({ metric, rate, threefold, twofold }) => ({
      metric,
      perDeviceHour: rate,
      threefold: shown(threefold),
      twofold: shown(twofold),
    })),
    load: { ...load },
    leastHours: leastMs(of.plan) / 3_600_000,
    ...(back && { wayBack: { release: back.release, present: inside.length - back.missing } }),
    notes: [...adviceOf(of.plan, facts)],
  };
}

const start = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'startRollout',
      tag,
      method: 'post',
      path: '/v1/rollouts',
      summary: 'Freeze a plan and ask for its approval',
      description:
        'It is exactly what the dry run showed: id and digest of it are sent back. Where robots ' +
        'came, went or were held since, the digest is another one and nothing starts.',
      right: 'rollouts:write',
      faults: ['conflict', 'not_found', 'limited'],
    },
    {
      body: z.strictObject({
        ...bodyFields,
        id: rolloutId,
        digest: z.string().regex(/^[0-9a-f]{64}$/, 'is not a SHA-256 in lower-case hex'),
        urgency: z.enum(['normal', 'emergency']).default('normal'),
      }),
      answer: { status: 201, description: 'The rollout.', schema: rolloutSchema },
    },
    async (call) =>
      await call.change(async (trx) => {
        const { id, digest, urgency, supersede, text } = call.body;
        const found = readPlan(text);
        if (urgency === 'emergency') demandEmergency(found);
        if ((await rolloutStore(trx).find(id)) !== undefined) throw taken(id);
        const at = deps.clock.now();
        const preview = await previewPlan(trx, { rollout: id, plan: found, supersede, at });
        if (preview.digest !== digest) throw moved(preview.digest);
        if (urgency === 'normal') demandWayBack(preview);
        const by = call.caller?.id ?? 'system';
        if (supersede.length > 0 && call.caller !== undefined) {
          authorize(call.caller, 'rollouts:approve');
        }
        await endOthers(trx, supersede, { actor: by, reason: `superseded by ${id}`, at });
        const made = await rolloutStore(trx).create({
          id,
          releaseId: preview.release.id,
          releaseDigest: preview.release.digest,
          plan: found,
          planDigest: digest,
          rows: preview.rows,
          urgency,
          by,
          person: call.caller?.userId,
          at,
        });
        const after = { release: made.release, planDigest: digest, urgency };
        await call.audit(trx, { action: 'rollout.start', subject: id, after });
        return await shownRollout(trx, made, at);
      }),
  );

const hotfixAsked = z
  .object({ release: z.string(), digest: z.string(), freeze: z.boolean() })
  .openapi('HotfixAsked');

const hotfix = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'hotfixRelease',
      tag,
      method: 'post',
      path: '/v1/rollouts:hotfix',
      summary: 'Get a release off every robot that runs it',
      description:
        'A run of fleet-hotfix-and-rollback begins: it freezes where asked, finds the robots by ' +
        'what they measure, and asks two people for the way.',
      right: 'rollouts:write',
      faults: ['not_found'],
    },
    {
      body: z.strictObject({
        release: z.string().min(1).max(160).openapi({ description: 'Id, digest, name@version.' }),
        reason: z.string().min(1).max(maxReasonLength),
        freeze: z.boolean().default(true),
        corrective: z.string().min(1).max(160).optional().openapi({
          description: 'A release that may take its place.',
        }),
      }),
      answer: { status: 200, description: 'It is asked for.', schema: hotfixAsked },
    },
    async (call) =>
      await call.change(async (trx) => {
        const { release: ref, reason, freeze, corrective } = call.body;
        const release = await findRelease(trx, ref);
        if (release === undefined) throw unknownRelease(ref);
        const by = call.caller?.id ?? 'system';
        const { digest } = release;
        const body = { digest, reason, freeze, by, ...(corrective && { corrective }) };
        const at = deps.clock.now();
        const subject = release.id;
        await putOutbox(trx, { kind: 'rollout.hotfix_asked', subject, at, body });
        await call.audit(trx, { action: 'rollout.hotfix', subject, detail: { reason, freeze } });
        return { release: `${release.name}@${release.semver}`, digest, freeze };
      }),
  );

const unknownRelease = (ref: string): Fault =>
  new Fault('not_found', `there is no release "${ref.slice(0, 96)}"`, {
    place: '/body/release',
    remedy: 'List them with `fieldloop releases list`.',
  });

const endOthers = async (
  trx: Db,
  ids: readonly string[],
  by: Parameters<typeof doVerb>[3],
): Promise<void> => {
  for (const id of ids) await doVerb(trx, await rolloutStore(trx).get(id), 'supersede', by);
};

/** Quick, but not blind: a lab and a bake stay. */
function demandEmergency({ stages }: RolloutPlan): void {
  const bakes = stages.slice(0, -1).map(({ bake }) => durationMs(bake ?? '0s'));
  if (bakes.length > 0 && Math.max(...bakes) >= emergencyBakeMs) return;
  throw new Fault('invalid', 'an emergency bakes at least 30 minutes before its last stage', {
    place: '/body/text',
    remedy: 'Give a stage before the last one bake: 30m or more.',
  });
}

const taken = (id: string): Fault =>
  new Fault('conflict', `${id} was started already`, {
    place: '/body/id',
    remedy: 'Plan anew: fieldloop rollouts plan FILE.',
  });

const moved = (digest: string): Fault =>
  new Fault('conflict', `the plan comes to ${digest.slice(0, 12)} now`, {
    place: '/body/digest',
    remedy: 'Robots or their states changed since the dry run: plan anew and look at it.',
  });
