/** Candidates, evaluations and releases for their workflow: each effect under its key. */
import { canonicalJson, Fault, type Json, sha256Hex } from '@fieldloop/core';
import { artifactStore } from '../artifact/store.ts';
import { roles, type Role } from '../auth/rights.ts';
import { closeFixed, demandEvaluation } from '../evaluation/store.ts';
import { evaluateKind } from '../evaluation/work.ts';
import type { ModelVersion } from '../model/model.ts';
import { manifestSchema, type ReleaseManifest } from '../release/manifest.ts';
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
import {
  type Candidate,
  type CandidateDeps,
  type CandidateInput,
  type CandidateOutcome,
  candidateToRelease,
  type Draft,
  type Verdict,
} from './candidate-to-release.ts';
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
    replay: async (judged) => await replayOf(write, judged),
    draft: async (of, e) =>
      await once(write, e.key, async (trx) => await drafted(trx, of, act(e.run))),
    evidence: async (release) => await evidenceOf(write, release),
    approve: async (release, votes, e) =>
      await once(
        write,
        e.key,
        async (trx) => await voted(trx, { release, run: e.run, ...votes }, clock.now()),
      ),
    release: async (release, e) =>
      await once(write, e.key, async (trx) => {
        const releases = releaseStore(trx);
        const { state } = await releases.release(await releases.get(release), act(e.run));
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
    withdraw: async (id, reason, e) =>
      await once(write, e.key, async (trx) => {
        const row = await draftOf(trx, id, e.run);
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
    author: version.createdBy,
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
    author: found.createdBy,
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

/** What running it on stored clips took and gave. */
async function replayOf(db: Db, { evaluation, sha256 }: Verdict) {
  const row = await db
    .selectFrom('evaluation')
    .select('measured')
    .where('id', '=', evaluation)
    .executeTakeFirst();
  if (row === undefined) return { sha256, says: 'the forecast of the backtest' };
  const { latencyMs, memoryBytes, machine } = JSON.parse(row.measured) as {
    readonly latencyMs: { readonly p99: number };
    readonly memoryBytes: number;
    readonly machine: string;
  };
  const mib = Math.round(memoryBytes / 2 ** 20);
  const says = `p99 ${latencyMs.p99.toFixed(1)} ms, ${mib} MiB on ${machine}`;
  return { sha256: sha256Hex(row.measured), says };
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
  const release = await releases.create({ id: ids.ulid('rel'), manifest, author: by, at });
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

async function modelManifest(
  trx: Db,
  version: ModelVersion,
  act: { readonly at: number; readonly by: string },
): Promise<ReleaseManifest> {
  const { model, onnx, document, number } = version;
  await artifactStore(trx).put({ ...onnx, kind: 'onnx', name: `${model}.onnx`, ...act });
  await artifactStore(trx).put({ ...document, kind: 'document', name: `${model}.yaml`, ...act });
  const file = (name: string, of: ModelVersion['onnx']) => ({
    path: `models/${name}`,
    sha256: of.sha256,
    size: of.sizeBytes,
  });
  const component = {
    name: model,
    kind: 'onnx-model',
    version: `${number}.0.0`,
    artifact: file(`${model}-${number}.onnx`, onnx),
    onnx: { document: file(`${model}-${number}.yaml`, document) },
  };
  const notes = `Model ${model} ${number}, trained on ${version.datasetVersion ?? 'unknown data'}.`;
  return await manifestOf(trx, { name: model, notes, component });
}

async function ruleManifest(
  trx: Db,
  id: string,
  act: { readonly at: number; readonly by: string },
): Promise<ReleaseManifest> {
  const [set = '', n = ''] = id.split('@');
  const rules = ruleSetStore(trx);
  const entry = await rules.get(set);
  const found = await rules.version(entry, Number(n));
  const size = Buffer.byteLength(found.text);
  const sha256 = sha256Hex(found.text);
  await artifactStore(trx).put({
    sha256,
    sizeBytes: size,
    kind: 'rules',
    name: entry.name,
    ...act,
  });
  const component = {
    name: entry.name,
    kind: 'rules-bundle',
    version: `${n}.0.0`,
    artifact: { path: `rules/${entry.name}-${n}.yaml`, sha256, size },
    rules: {},
  };
  return await manifestOf(trx, { name: entry.name, notes: found.note ?? '', component });
}

interface Planned {
  readonly name: string;
  readonly notes: string;
  readonly component: { readonly name: string; readonly version: string };
}

/** One component under the next free version; the release before it is the way back. */
async function manifestOf(trx: Db, { name, notes, component }: Planned): Promise<ReleaseManifest> {
  const rows = await trx
    .selectFrom('release')
    .selectAll()
    .where('name', '=', name)
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .execute();
  const [major = '0'] = component.version.split('.');
  const tried = rows.filter((row) => row.semver.startsWith(`${major}.`)).length;
  const previous = rows.find((row) => row.state === 'released');
  const parsed = manifestSchema.safeParse({
    apiVersion: 'fieldloop.release/v1',
    kind: 'Release',
    name,
    version: `${major}.${tried}.0`,
    notes,
    ...(previous === undefined ? {} : { previous: `${name}@${previous.semver}` }),
    order: [component.name],
    components: [component],
  });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Fault('invalid', `no release can be named after it: ${issue?.message ?? ''}`, {
    place: `/${(issue?.path ?? []).map(String).join('/')}`,
    remedy: 'Names of models and rule sets that are released have 1 to 64 of a-z, 0-9 and -.',
  });
}

async function evidenceOf(db: Db, id: string): Promise<readonly ShownEvidence[]> {
  const release = await releaseStore(db).get(id);
  const body = { manifest: release.manifest, evidence: release.evidence } as unknown as Json;
  const digest = evidenceDigest(release.evidence);
  return [{ name: 'release', digest, link: `/v1/releases/${id}`, body }];
}

/** The votes of the gate become those of the release: it counts persons itself. */
async function voted(
  trx: Db,
  of: {
    readonly release: string;
    readonly run: string;
    readonly by: readonly string[];
    readonly reason: string;
  },
  at: number,
) {
  const releases = releaseStore(trx);
  for (const person of of.by) {
    const release = await releases.get(of.release);
    if (release.state === 'approved') break;
    const role = await roleAt(trx, of.run, person);
    await releases.vote(release, { person, choice: 'approve', role, reason: of.reason, at });
  }
  return { state: (await releases.get(of.release)).state };
}

/** What they were when they voted. */
async function roleAt(trx: Db, run: string, person: string): Promise<Role> {
  const row = await trx
    .selectFrom('vote')
    .innerJoin('gate', 'gate.id', 'vote.gate_id')
    .select('vote.role')
    .where('gate.run_id', '=', run)
    .where('vote.person', '=', person)
    .orderBy('vote.at', 'desc')
    .executeTakeFirst();
  return roles.find((role) => role === row?.role) ?? 'viewer';
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
async function draftOf(trx: Db, _id: string, run: string): Promise<Release | undefined> {
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
