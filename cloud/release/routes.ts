/** Operations on releases: lint, add, evaluate, approve by two, release, withdraw. */
import { Fault, type Json } from '@fieldloop/core';
import type { NounDeps } from '../http/deps.ts';
import { listAnswer, listPage, listQuery } from '../http/list.ts';
import { z } from '../http/openapi.ts';
import { type Call, type Operation, operation } from '../http/operation.ts';
import { answeredAs } from '../http/problem.ts';
import { documentFault } from '../http/yaml-document.ts';
import { releaseSource } from '../http/q/sources/releases.ts';
import { maxReasonLength } from '../limits.ts';
import { maxDocumentBytes } from '../release-limits.ts';
import type { Db } from '../store/db.ts';
import { openGateOn } from '../store/gate-ref.ts';
import { evidenceFor } from './evidence.ts';
import {
  documentFaultSchema,
  faultsJson,
  type ReleaseJson,
  releaseJson,
  releaseSchema,
} from './json.ts';
import { lintManifest } from './lint.ts';
import { manifestDigest } from './manifest.ts';
import { demandVoter, evidenceDigest, type Release, releaseName } from './release.ts';
import { releaseFromRow, releaseStore } from './store.ts';

export const releaseOperations = (deps: NounDeps): readonly Operation[] => [
  lint(deps),
  add(deps),
  list(deps),
  get(deps),
  evaluate(deps),
  vote(deps, 'approve'),
  vote(deps, 'reject'),
  release(deps),
  withdraw(deps),
];

const tag = 'releases';
const path = z.strictObject({
  id: z.string().min(1).max(160).openapi({ description: 'Id, digest, or name@version.' }),
});
const text = z.string().min(1).max(maxDocumentBytes).openapi({ description: 'YAML or JSON.' });
const reason = z.string().min(1).max(maxReasonLength);
const answer = { status: 200, description: 'The release.', schema: releaseSchema } as const;

async function shown(db: Db, of: Release): Promise<ReleaseJson> {
  const votes = await releaseStore(db).votes(of);
  return releaseJson(of, { evidenceDigest: evidenceDigest(of.evidence), votes, isWhole: true });
}

const linted = z
  .object({
    digest: z.string().optional().openapi({ description: 'Where the manifest can be read.' }),
    faults: z.array(documentFaultSchema),
  })
  .openapi('ReleaseLint');

const lint = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'lintRelease',
      tag,
      method: 'post',
      path: '/v1/releases:lint',
      summary: 'Everything that is wrong with a manifest, by line and column',
      right: 'releases:write',
    },
    {
      body: z.strictObject({ text }),
      answer: { status: 200, description: 'What was found.', schema: linted },
    },
    async ({ body }) => {
      const { manifest, faults } = await lintManifest(deps.read, body.text);
      const digest = manifest === undefined ? {} : { digest: manifestDigest(manifest) };
      return { ...digest, faults: faultsJson(faults) };
    },
  );

const add = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'addRelease',
      tag,
      method: 'post',
      path: '/v1/releases',
      summary: 'Add a release by its manifest',
      description: 'Name and version are taken for ever. Its artifacts must be here before.',
      right: 'releases:write',
      faults: ['conflict'],
    },
    { body: z.strictObject({ text }), answer: { ...answer, status: 201 } },
    async (call) =>
      await call.change(async (trx) => {
        const { manifest, faults } = await lintManifest(trx, call.body.text);
        const [first] = faults;
        if (manifest === undefined || first !== undefined) {
          const fault = documentFault('the manifest', faults);
          throw answeredAs(fault, {
            errors: faults.map(({ line, column, message }) => ({
              pointer: '/body/text',
              message: `${line}:${column} ${message}`,
            })),
          });
        }
        const id = deps.ids.ulid('rel');
        const author = call.caller?.id ?? 'system';
        const authorPerson = call.caller?.userId;
        const made = await releaseStore(trx).create({
          id,
          manifest,
          author,
          authorPerson,
          at: deps.clock.now(),
        });
        const after = { name: made.name, version: made.semver, digest: made.digest };
        await call.audit(trx, { action: 'release.add', subject: id, after });
        return await shown(trx, made);
      }),
  );

const list = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'listReleases',
      tag,
      method: 'get',
      path: '/v1/releases',
      summary: 'Releases, the newest first',
      right: 'releases:read',
    },
    {
      query: listQuery(releaseSource, {}),
      answer: {
        status: 200,
        description: 'One page.',
        schema: listAnswer('ReleasePage', releaseSchema),
      },
    },
    async ({ query }) =>
      await listPage(deps, query, {
        operation: 'listReleases',
        source: releaseSource,
        rows: deps.read.selectFrom('release').selectAll('release'),
        items: (rows) =>
          rows.map((row) => {
            const one = releaseFromRow(row);
            return releaseJson(one, { evidenceDigest: evidenceDigest(one.evidence) });
          }),
        schema: releaseSchema,
      }),
  );

const get = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'getRelease',
      tag,
      method: 'get',
      path: '/v1/releases/{id}',
      summary: 'One release: manifest, evidence, votes',
      right: 'releases:read',
    },
    { params: path, answer },
    async ({ params }) => await shown(deps.read, await releaseStore(deps.read).get(params.id)),
  );

type VerbCall<B> = Call<undefined, { id: string }, B>;

/** One change of a release with its audit entry. */
async function moved<B>(
  call: VerbCall<B>,
  action: string,
  work: (trx: Db, release: Release) => Promise<Release>,
  detail: Readonly<Record<string, Json>> = {},
): Promise<ReleaseJson> {
  return await call.change(async (trx) => {
    const before = await releaseStore(trx).get(call.params.id);
    const after = await work(trx, before);
    await call.audit(trx, {
      action: `release.${action}`,
      subject: before.id,
      before: { state: before.state },
      after: { state: after.state, digest: after.digest },
      detail,
    });
    return await shown(trx, after);
  });
}

const evaluate = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'evaluateRelease',
      tag,
      method: 'post',
      path: '/v1/releases/{id}:evaluate',
      summary: 'Put what speaks for a release beside it',
      description:
        'A release with models names the evaluation of each, one with rules has the backtest ' +
        'forecast of its rule set. Other evidence than before voids what was approved.',
      right: 'releases:write',
      faults: ['conflict'],
    },
    {
      params: path,
      body: z.strictObject({
        evaluations: z.array(z.string().min(1).max(64)).max(16).default([]),
        note: z.string().min(1).max(maxReasonLength).optional(),
      }),
      answer,
    },
    async (call) =>
      await moved(call, 'evaluate', async (trx, before) => {
        const { evaluations, note } = call.body;
        const at = deps.clock.now();
        const evidence = await evidenceFor(trx, before, { evaluations, note, at });
        return await releaseStore(trx).evaluate(before, evidence, at);
      }),
  );

const vote = (deps: NounDeps, choice: 'approve' | 'reject'): Operation =>
  operation(
    {
      id: choice === 'approve' ? 'approveRelease' : 'rejectRelease',
      tag,
      method: 'post',
      path: `/v1/releases/{id}:${choice}`,
      summary:
        choice === 'approve' ? 'Agree to exactly this digest' : 'Say no: the release is over',
      description:
        choice === 'approve'
          ? 'It takes two persons, none of them the author, one a release manager. The digest ' +
            'and the evidence that were seen are named, so that a change of either is noticed.'
          : 'One person is enough.',
      right: 'releases:write',
      faults: ['conflict', 'forbidden'],
    },
    {
      params: path,
      body: z.strictObject({
        digest: z.string().regex(/^[0-9a-f]{64}$/, 'is not a SHA-256 in lower-case hex'),
        evidenceDigest: z
          .string()
          .regex(/^[0-9a-f]{64}$/, 'is not a SHA-256 in lower-case hex')
          .optional(),
        reason,
      }),
      answer,
    },
    async (call) =>
      await moved(
        call,
        choice,
        async (trx, before) => {
          const { caller } = call;
          if (caller === undefined) throw new TypeError('a vote by nobody');
          const person = demandVoter(before, caller);
          const { digest, evidenceDigest: seen, reason: why } = call.body;
          demandSeen(before, { digest, seen });
          await demandNoGate(trx, before);
          const at = deps.clock.now();
          const role = caller.role ?? 'viewer';
          return await releaseStore(trx).vote(before, { person, choice, role, reason: why, at });
        },
        { reason: call.body.reason },
      ),
  );

function demandSeen(
  release: Release,
  { digest, seen }: { readonly digest: string; readonly seen: string | undefined },
): void {
  const now = evidenceDigest(release.evidence);
  if (release.digest === digest && (seen === undefined || seen === now)) return;
  throw new Fault('conflict', 'the release or its evidence is not what you have seen', {
    place: release.digest === digest ? '/body/evidenceDigest' : '/body/digest',
    remedy: 'Read it again, look at what changed, and vote with the digests of now.',
  });
}

/** While a run asks people about a release, its gate is the one door: nobody signs twice. */
async function demandNoGate(trx: Db, of: Release): Promise<void> {
  const gate = await openGateOn(trx, of.id, 'approval');
  if (gate === undefined) return;
  throw new Fault('conflict', `${releaseName(of)} is decided at the gate ${gate.id}`, {
    place: '/id',
    details: { gate: gate.id },
    remedy: `Decide there: fieldloop gates decide ${gate.id} --option approve --why '…'.`,
  });
}

const release = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'releaseRelease',
      tag,
      method: 'post',
      path: '/v1/releases/{id}:release',
      summary: 'Let an approved release go out by rollouts',
      right: 'releases:approve',
      faults: ['conflict'],
    },
    { params: path, body: z.strictObject({ reason: reason.optional() }), answer },
    async (call) =>
      await moved(
        call,
        'release',
        async (trx, before) =>
          await releaseStore(trx).release(before, {
            at: deps.clock.now(),
            reason: call.body.reason,
          }),
      ),
  );

const withdraw = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'withdrawRelease',
      tag,
      method: 'post',
      path: '/v1/releases/{id}:withdraw',
      summary: 'Take a release back for good: its rollouts halt',
      right: 'releases:approve',
      faults: ['conflict'],
    },
    { params: path, body: z.strictObject({ reason }), answer },
    async (call) =>
      await moved(
        call,
        'withdraw',
        async (trx, before) =>
          await releaseStore(trx).withdraw(before, {
            at: deps.clock.now(),
            reason: call.body.reason,
          }),
        { reason: call.body.reason },
      ),
  );
