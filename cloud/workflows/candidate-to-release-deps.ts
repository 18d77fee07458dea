/** Candidates, evaluations and releases for their workflow: each effect under its key. */
import { canonicalJson, Fault, type Json, sha256Hex } from '@fieldloop/core';
import { closeFixed, demandEvaluation, type Reproduced } from '../evaluation/store.ts';
import { evaluateKind, verifyEvaluationKind } from '../evaluation/work.ts';
import type { ModelVersion } from '../model/model.ts';
import { evidenceDigest, type Release } from '../release/release.ts';
import { releaseFromRow, releaseStore } from '../release/store.ts';
import { type BacktestInput, backtestKind } from '../rule/backtest.ts';
import { ruleSetStore } from '../rule/store.ts';
import { backtestBytes, backtestClips } from '../limits.ts';
import type { Db } from '../store/db.ts';
import { once } from '../store/effects.ts';
import {
  demandModelVersion,
  getAlias,
  getModelVersion,
  moveAlias,
} from '../store/model-registry.ts';
import { operationRows, startOperation } from '../store/operations.ts';
import { personBehind } from '../store/person-behind.ts';
import {
  type Candidate,
  type CandidateDeps,
  type CandidateInput,
  type CandidateOutcome,
  candidateToRelease,
  type Draft,
  type Replay,
  type Verdict,
} from './candidate-to-release.ts';
import { modelManifest, ruleManifest } from './candidate-to-release-manifest.ts';
import { putGateVotes } from './candidate-to-release-votes.ts';
import { pending, type ShownEvidence } from './kit/flow.ts';
import { workflow, type WorkflowGround } from './kit/workflow.ts';

type Ground = Pick<WorkflowGround, 'read' | 'write' | 'clock' | 'ids'>;

export const candidateDeps = (ground: Ground): CandidateDeps => {
  const { write, clock, ids } = ground;
  const act = (by: string) => ({ at: clock.now(), by, ids });
  return {
    bind: async (input, e) =>
      await once(write, e.key, async (trx) =>
        'modelVersion' in input
          ? await modelCandidate(trx, input.modelVersion)
          : await ruleCandidate(trx, input),
      ),
    evaluate: async (id, e) =>
      await once(write, e.key, async (trx) => {
        const operation = ids.ulid('op');
        await startOperation(trx, {
          id: operation,
          ...(await workOf(trx, id, e.run)),
          ...act(e.run),
        });
        return { operation };
      }),
    verdict: async (operation) => (await verdictOf(write, operation)) ?? pending,
    replay: async (judged, e) =>
      await once(write, e.key, async (trx) => await replayOf(trx, judged, act(e.run))),
    replayed: async (operation) => (await replayedOf(write, operation)) ?? pending,
    draft: async (of, e) =>
      await once(write, e.key, async (trx) => await drafted(trx, of, act(e.run))),
    evidence: async (release) => await evidenceOf(write, release),
    approve: async (release, votes, e) =>
      await once(
        write,
        e.key,
        async (trx) => await putGateVotes(trx, { release, run: e.run, ...votes }, clock.now()),
      ),
    release: async (release, e) =>
      await once(write, e.key, async (trx) => {
        const releases = releaseStore(trx);
        const found = await releases.get(release);
        if (found.state === 'released') return { state: found.state };
        const { state } = await releases.release(found, act(e.run));
        return { state };
      }),
    alias: async (id, e) =>
      await once(write, e.key, async (trx) => {
        const version = await getModelVersion(trx, id);
        if (version === undefined) return { alias: 'none' };
        const { model } = version;
        const move = { model, alias: 'candidate', to: id, expects: 'any' } as const;
        return { alias: (await moveAlias(trx, move, act(e.run))).alias };
      }),
    aliasBack: async (id, e) =>
      await once(write, e.key, async (trx) => ({ alias: await aliasBack(trx, id, act(e.run)) })),
    withdraw: async (_, reason, e) =>
      await once(write, e.key, async (trx) => {
        const row = await draftOf(trx, e.run);
        if (row === undefined) return { state: 'none' };
        const isOver = row.state === 'withdrawn' || row.state === 'rejected';
        if (isOver) return { state: row.state };
        return { state: (await releaseStore(trx).withdraw(row, { ...act(e.run), reason })).state };
      }),
  };
};

interface Act {
  readonly at: number;
  readonly by: string;
  readonly ids: WorkflowGround['ids'];
}

async function modelCandidate(trx: Db, id: string): Promise<Candidate> {
  const version = await demandModelVersion(trx, id);
  const champion = await getAlias(trx, version.model, 'champion');
  return {
    id,
    name: `${version.model} ${version.number}`,
    kind: 'model',
    digest: sha256Hex(canonicalJson([version.onnx.sha256, version.document.sha256])),
    author: (await personBehind(trx, version.createdBy)) ?? version.createdBy,
    champion: champion?.modelVersion ?? null,
  };
}

type RuleInput = Exclude<CandidateInput, { readonly modelVersion: string }>;

const ruleId = (set: string, n: number): string => `${set}@${n}`;

async function ruleCandidate(trx: Db, { ruleSet, version }: RuleInput): Promise<Candidate> {
  const rules = ruleSetStore(trx);
  const entry = await rules.get(ruleSet);
  const found = await rules.version(entry, version);
  return {
    id: ruleId(entry.id, version),
    name: `${entry.name} ${version}`,
    kind: 'rule_set',
    digest: found.digest,
    author: (await personBehind(trx, found.createdBy)) ?? found.createdBy,
    champion: null,
  };
}

/** Long work that says how good the candidate is. */
async function workOf(trx: Db, id: string, by: string): Promise<{ kind: string; input: Json }> {
  if ((await getModelVersion(trx, id)) !== undefined) {
    return { kind: evaluateKind, input: { modelVersion: id, by } };
  }
  const [set = '', n = ''] = id.split('@');
  const choice = { maxClips: backtestClips, maxBytes: backtestBytes, dutyHours: 24 };
  const input: BacktestInput = { ruleSetId: set, n: Number(n), ...choice, by };
  return { kind: backtestKind, input: { ...input } };
}

async function verdictOf(db: Db, id: string): Promise<Verdict | undefined> {
  const done = await operationRows(db).get(id);
  if (done === undefined || done.state === 'queued' || done.state === 'running') return undefined;
  if (done.state !== 'done') {
    const reasons = [done.problem?.message ?? `the evaluation is ${done.state}`];
    const sha256 = sha256Hex(canonicalJson(reasons));
    return {
      evaluation: id,
      sha256,
      outcome: 'inconclusive',
      reasons,
      link: `/v1/operations/${id}`,
    };
  }
  if (done.kind === backtestKind) {
    const { forecastId, digest } = done.result as { forecastId: string; digest: string };
    const link = `/v1/operations/${id}`;
    return { evaluation: forecastId, sha256: digest, outcome: 'pass', reasons: [], link };
  }
  const { evaluation } = done.result as { readonly evaluation: string };
  const { sha256, outcome, result, measured } = await demandEvaluation(db, evaluation);
  const reasons = [...result.gates, ...measured.gates]
    .filter((gate) => gate.outcome !== 'pass')
    .map(({ name, reason }) => `${name}: ${reason}`);
  return { evaluation, sha256, outcome, reasons, link: `/v1/evaluations/${evaluation}` };
}

/** The evaluation's recorded input, run once more on the same clips. */
async function replayOf(
  trx: Db,
  { evaluation }: Verdict,
  { at, by, ids }: Act,
): Promise<{ readonly operation: string | null }> {
  const row = await trx
    .selectFrom('evaluation')
    .select('id')
    .where('id', '=', evaluation)
    .executeTakeFirst();
  if (row === undefined) return { operation: null };
  const operation = ids.ulid('op');
  const wanted = { id: operation, kind: verifyEvaluationKind, input: { evaluation } };
  await startOperation(trx, { ...wanted, by, at });
  return { operation };
}

async function replayedOf(db: Db, id: string): Promise<Replay | undefined> {
  const done = await operationRows(db).get(id);
  if (done === undefined || done.state === 'queued' || done.state === 'running') return undefined;
  if (done.state !== 'done') {
    const says = done.problem?.message ?? `the second run is ${done.state}`;
    return { sha256: '', same: false, says };
  }
  const { reproduced, same } = done.result as unknown as Reproduced;
  const clips = 'the test split and the regression set, run anew on their clips';
  const says = same ? `${clips}: the same result` : `${clips}: another result`;
  return { sha256: reproduced, same, says };
}

/** A release with what speaks for it; a person's "go on" counts as the evaluation's word. */
async function drafted(
  trx: Db,
  { id, evaluation }: { readonly id: string; readonly evaluation: string },
  { at, by, ids }: Act,
): Promise<Draft> {
  const version = await getModelVersion(trx, id);
  const manifest =
    version === undefined
      ? await ruleManifest(trx, id, { at, by })
      : await modelManifest(trx, version, { at, by });
  const releases = releaseStore(trx);
  const authorPerson = await personBehind(trx, await makerOf(trx, id, version));
  const made = { id: ids.ulid('rel'), manifest, author: by, authorPerson, at };
  const release = await releases.create(made);
  const evidence: Record<string, Json> = { run: by };
  if (version === undefined) evidence['forecast'] = evaluation;
  else {
    const judged = await demandEvaluation(trx, evaluation);
    const { sha256, outcome } = judged;
    evidence[`evaluation.${version.model}`] = { id: evaluation, sha256, outcome };
    if (outcome !== 'pass') await closeFixed(trx, judged, { at, by });
  }
  await releases.evaluate(release, evidence, at);
  return { release: release.id, digest: release.digest };
}

async function makerOf(trx: Db, id: string, version: ModelVersion | undefined): Promise<string> {
  if (version !== undefined) return version.createdBy;
  const [set = '', n = ''] = id.split('@');
  const rules = ruleSetStore(trx);
  return (await rules.version(await rules.get(set), Number(n))).createdBy;
}

async function evidenceOf(db: Db, id: string): Promise<readonly ShownEvidence[]> {
  const release = await releaseStore(db).get(id);
  const body = { manifest: release.manifest, evidence: release.evidence } as unknown as Json;
  const digest = evidenceDigest(release.evidence);
  return [{ name: 'release', digest, link: `/v1/releases/${id}`, body }];
}

async function aliasBack(trx: Db, id: string, act: Act): Promise<string | null> {
  const version = await getModelVersion(trx, id);
  if (version === undefined) return null;
  const { model } = version;
  const known = await getAlias(trx, model, 'candidate');
  const champion = await getAlias(trx, model, 'champion');
  if (known?.modelVersion !== id || champion === undefined) return null;
  const move = { model, alias: 'candidate', to: champion.modelVersion, expects: 'any' } as const;
  return (await moveAlias(trx, move, act)).modelVersion;
}

/** The release that this run made. */
async function draftOf(trx: Db, run: string): Promise<Release | undefined> {
  const row = await trx
    .selectFrom('release')
    .selectAll()
    .where('author', '=', run)
    .orderBy('id')
    .executeTakeFirst();
  return row && releaseFromRow(row);
}

export const candidateToReleaseWorkflow = workflow<CandidateInput, CandidateOutcome, CandidateDeps>(
  {
    name: 'candidate-to-release',
    version: 1,
    body: candidateToRelease,
    deps: candidateDeps,
    check: checkCandidateInput,
    triggers: [
      {
        name: 'release-on-model',
        version: 1,
        on: ['model.registered'],
        match({ subject, body }) {
          const { training } = body as { readonly training?: string | null };
          if (typeof training !== 'string') return { skip: 'it was imported, not trained' };
          return { input: { modelVersion: subject }, subject, key: subject };
        },
      },
    ],
  },
);

function checkCandidateInput(input: Json): CandidateInput {
  const given = input as Readonly<Record<string, Json | undefined>>;
  const isModel = typeof given['modelVersion'] === 'string';
  const isRules = typeof given['ruleSet'] === 'string' && typeof given['version'] === 'number';
  if (isModel !== isRules) return input as CandidateInput;
  throw new Fault('invalid', 'the input of candidate-to-release is not whole', {
    place: '/input',
    remedy: 'Give modelVersion, or ruleSet and version.',
  });
}
