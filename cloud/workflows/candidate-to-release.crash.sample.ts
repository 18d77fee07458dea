/** A candidate that is released and one that people refuse, as cases of the crash kit. */
import type { Json } from '@fieldloop/core';
import { putEvaluation } from '../evaluation/store.ts';
import { evaluateKind, verifyEvaluationKind } from '../evaluation/work.ts';
import { createModel, registerVersion } from '../store/model-registry.ts';
import { operationRows } from '../store/operations.ts';
import { putDatasetVersion } from '../training/training.sample.ts';
import { candidateToReleaseWorkflow } from './candidate-to-release-deps.ts';
import { type CrashWorld, type PatternCase, patternCase } from './kit/crash.sample.ts';

type Outcome = 'pass' | 'inconclusive';

async function ground({ db, ids, clock }: CrashWorld): Promise<string> {
  const act = { at: clock.now(), by: 'usr_author', ids };
  const version = await putDatasetVersion(db, 'a');
  await createModel(db, { name: 'toy' }, act);
  const file = (letter: string) => ({ sha256: letter.repeat(64), sizeBytes: 10 });
  const made = { onnx: file('b'), document: file('c'), classes: ['left', 'right'] };
  const { id } = await db
    .transaction()
    .execute(
      async (trx) =>
        await registerVersion(trx, { model: 'toy', datasetVersion: version, ...made }, act),
    );
  return id;
}

/** The laboratory measured it: all that the release looks at is its verdict. */
async function evaluates({ db, ids, clock }: CrashWorld, outcome: Outcome): Promise<boolean> {
  const operations = operationRows(db);
  const claimed = await operations.claim('test', clock.now());
  if (claimed?.kind === verifyEvaluationKind) {
    const sha256 = 'd'.repeat(64);
    const result = { recorded: sha256, reproduced: sha256, same: true };
    await operations.end(claimed.id, { state: 'done', result }, clock.now());
    return true;
  }
  if (claimed?.kind !== evaluateKind) return false;
  const { modelVersion } = claimed.input as { readonly modelVersion: string };
  const gate = { name: 'overall', outcome, reason: 'n = 120' };
  const made = {
    input: {
      model: 'toy',
      candidate: { id: modelVersion },
      against: null,
      datasetVersion: 'a'.repeat(64),
      cases: [],
    },
    result: { gates: [gate], cases: [] },
    measured: { latencyMs: { p50: 1, p99: 2 }, memoryBytes: 1, machine: 'test', gates: [] },
    sha256: 'd'.repeat(64),
    outcome,
  } as unknown as Parameters<typeof putEvaluation>[1];
  const act = { at: clock.now(), by: 'system', ids };
  const evaluation = await db
    .transaction()
    .execute(async (trx) => await putEvaluation(trx, made, act));
  const result = { evaluation: evaluation.id, outcome, sha256: made.sha256 };
  await operations.end(claimed.id, { state: 'done', result }, clock.now());
  return true;
}

/** What is left, without ids and times. */
async function left({ db }: CrashWorld): Promise<Json> {
  const releases = await db.selectFrom('release').select(['name', 'semver', 'state']).execute();
  const votes = await db.selectFrom('release_vote').select('choice').execute();
  const aliases = await db.selectFrom('model_alias').select(['alias', 'version']).execute();
  const evaluations = await db.selectFrom('evaluation').select('outcome').execute();
  return {
    releases: releases.map(({ name, semver, state }) => `${name}@${semver} ${state}`),
    votes: votes.map(({ choice }) => choice),
    aliases: aliases.map(({ alias, version }) => `${alias} ${String(version)}`),
    evaluations: evaluations.map(({ outcome }) => outcome),
  };
}

const caseOf = (name: string, outcome: Outcome, word: 'approve' | 'reject'): PatternCase =>
  patternCase(`candidate-to-release, ${name}`, [candidateToReleaseWorkflow], async (world) => {
    const modelVersion = await ground(world);
    return {
      begin: async () =>
        void (await world.start('candidate-to-release', { modelVersion }, modelVersion)),
      react: async () =>
        (await evaluates(world, outcome)) ||
        (await world.decide((gate) => (gate.kind === 'inconclusive' ? 'go_on' : word))),
      end: async () => await left(world),
    };
  });

export const approved = caseOf('approved', 'pass', 'approve');
export const denied = caseOf('denied after a person went on', 'inconclusive', 'reject');
