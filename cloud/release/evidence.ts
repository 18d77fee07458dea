/** What must speak for a release before people are asked: looked up, never taken on trust. */
import { Fault, type Json } from '@fieldloop/core';
import { forecastMs } from '../limits.ts';
import type { Db } from '../store/db.ts';
import { ruleRefOf } from '../store/release-ref.ts';
import type { Release } from './release.ts';

export interface EvidenceWish {
  readonly evaluations: readonly string[];
  readonly note?: string | undefined;
  readonly at: number;
}

/** Fault `conflict` when a component has nothing that speaks for it, `not_found` for a strange id. */
export async function evidenceFor(
  db: Db,
  { manifest, evidence }: Release,
  wish: EvidenceWish,
): Promise<Readonly<Record<string, Json>>> {
  const found: Record<string, Json> = {};
  for (const component of manifest.components) {
    const { name, kind, artifact, onnx } = component;
    if (kind === 'onnx-model') {
      const known = evidence[`evaluation.${name}`];
      if (known !== undefined && wish.evaluations.length === 0) continue;
      const files = { name, sha256: artifact.sha256, document: onnx?.document.sha256 };
      found[`evaluation.${name}`] = await evaluationOf(db, files, wish);
    }
    if (kind === 'rules-bundle') {
      const ref = await ruleRefOf(db, JSON.stringify(manifest), '-');
      found[`forecast.${name}`] = await forecastOf(db, { name, digest: ref?.digest ?? '' }, wish);
    }
  }
  return { ...found, ...(wish.note === undefined ? {} : { note: wish.note }) };
}

async function evaluationOf(
  db: Db,
  of: {
    readonly name: string;
    readonly sha256: string;
    readonly document: string | undefined;
  },
  { evaluations }: EvidenceWish,
): Promise<Json> {
  const rows =
    evaluations.length === 0
      ? []
      : await db
          .selectFrom('evaluation as e')
          .innerJoin('model_version as m', 'm.id', 'e.model_version_id')
          .select(['e.id', 'e.sha256', 'e.outcome', 'm.onnx_sha256', 'm.document_sha256'])
          .where('e.id', 'in', evaluations)
          .orderBy('e.id', 'desc')
          .execute();
  // The same bytes under another model.yaml see other inputs: that is another model.
  const own = rows.find(
    (row) => row.onnx_sha256 === of.sha256 && row.document_sha256 === of.document,
  );
  if (own?.outcome === 'pass') return { id: own.id, sha256: own.sha256, outcome: own.outcome };
  const what =
    own === undefined ? 'no evaluation is named' : `evaluation ${own.id} is ${own.outcome}`;
  throw new Fault('conflict', `${what} for the model ${of.name} (${of.sha256.slice(0, 12)})`, {
    place: '/body/evaluations',
    remedy: 'Evaluate exactly this model and name the evaluation: fieldloop evaluations list.',
  });
}

async function forecastOf(
  db: Db,
  of: { readonly name: string; readonly digest: string },
  { at }: EvidenceWish,
): Promise<Json> {
  const row = await db
    .selectFrom('rule_forecast')
    .select(['id', 'created_at'])
    .where('digest', '=', of.digest)
    .where('created_at', '>=', BigInt(at - forecastMs))
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (row !== undefined) return { id: row.id, digest: of.digest };
  throw new Fault('conflict', `the rules of ${of.name} have no forecast of the last 7 days`, {
    remedy: 'Make one: fieldloop rules backtest NAME N.',
  });
}
