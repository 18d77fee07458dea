/** What a person sees who signs a dataset version off. */
import { canonicalJson, type Json, sha256Hex } from '@fieldloop/core';
import { datasetStore } from '../dataset/store.ts';
import type { Db } from '../store/db.ts';
import { type TriageValue, valueKinds, valueStore } from '../triage/value-store.ts';
import type { ShownEvidence } from './kit/flow.ts';

/** Its gates, what it adds, and where the two numbers of the model stand. */
export async function versionEvidence(
  db: Db,
  { model, version: id }: { readonly model: string; readonly version: string },
): Promise<readonly ShownEvidence[]> {
  const { gates, manifest } = await datasetStore(db).demandVersion(id);
  const of = (name: string, body: Json, link: string): ShownEvidence => ({
    name,
    digest: sha256Hex(canonicalJson(body)),
    link,
    body,
  });
  const version = `/v1/datasetVersions/${id}`;
  return [
    of('gates', gates as unknown as Json, version),
    of('counts', manifest.counts, version),
    ...(manifest.parent === null ? [] : [of('difference', manifest.parent, `${version}/diff`)]),
    of('two numbers', await twoNumbers(db, model), '/v1/triage/values'),
  ];
}

/** The newest of each number and lane, in words; a number that nobody measured is named as well. */
async function twoNumbers(db: Db, model: string): Promise<Json> {
  const newest = await valueStore(db).newest(model);
  return Object.fromEntries(
    valueKinds.map((kind) => {
      const own = newest.filter((one) => one.kind === kind);
      return [`${kind} value`, own.length === 0 ? 'not measured yet' : own.map(valueText)];
    }),
  );
}

function valueText({ lane, scorer, n, nAudit, withheld, ...figure }: TriageValue): string {
  const { value, low, high } = figure;
  const said =
    value === undefined
      ? (withheld ?? 'no figure')
      : `${value.toFixed(3)} (${low?.toFixed(3) ?? '-'} to ${high?.toFixed(3) ?? '-'})`;
  return `${lane} by ${scorer}: ${said}, ${n} labels against ${nAudit} of the audit`;
}
