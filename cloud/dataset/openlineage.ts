/**
 * How a version came to be and what was trained of it, as OpenLineage events of spec 2-0-2: START
 * and one of COMPLETE, ABORT, FAIL for each run. Ids of runs are made of ours, so that sending
 * twice tells of one run.
 */
import { type Json, sha256Hex } from '@fieldloop/core';
import type { DatasetVersion, GateOutcome } from './dataset.ts';

export interface TrainingRun {
  readonly id: string;
  readonly model: string;
  readonly state: string;
  readonly startedAt: number;
  readonly endedAt?: number | undefined;
  readonly modelVersionId?: string | undefined;
  readonly onnxSha256?: string | undefined;
}

const producer = 'https://github.com/fieldloop/fieldloop';
const schemaURL = 'https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent';
const facet = (name: string) => ({
  _producer: producer,
  _schemaURL: `https://openlineage.io/spec/facets/${name}.json`,
});

/** A name-based UUID of version 8 (RFC 9562): the first bytes of a SHA-256. */
export function runIdOf(name: string): string {
  const hex = sha256Hex(name).slice(0, 32).split('');
  hex[12] = '8';
  hex[16] = (8 + (Number.parseInt(hex[16] ?? '0', 16) % 4)).toString(16);
  const text = hex.join('');
  const cuts = [0, 8, 12, 16, 20, 32];
  return cuts
    .slice(1)
    .map((to, i) => text.slice(cuts[i], to))
    .join('-');
}

export function lineageEvents(
  namespace: string,
  version: DatasetVersion,
  trainings: readonly TrainingRun[],
): readonly Json[] {
  return [
    ...buildEvents(namespace, version),
    ...trainings.flatMap((run) => trainingEvents(namespace, version, run)),
  ];
}

const versioned = (namespace: string, name: string, id: string) => ({
  namespace,
  name,
  facets: { version: { ...facet('1-0-1/DatasetVersionDatasetFacet'), datasetVersion: id } },
});

const event = (of: {
  readonly eventType: string;
  readonly at: number;
  readonly runId: string;
  readonly runFacets?: Readonly<Record<string, Json>>;
  readonly job: Readonly<Record<string, Json>>;
  readonly inputs: readonly Json[];
  readonly outputs: readonly Json[];
}): Json => ({
  eventType: of.eventType,
  eventTime: new Date(of.at).toISOString(),
  run: { runId: of.runId, facets: { ...of.runFacets } },
  job: of.job,
  inputs: of.inputs,
  outputs: of.outputs,
  producer,
  schemaURL,
});

function buildEvents(namespace: string, version: DatasetVersion): readonly Json[] {
  const { id, dataset, manifest } = version;
  const runId = runIdOf(`dataset.build ${id}`);
  const job = {
    namespace,
    name: `dataset.build.${dataset}`,
    facets: {
      jobType: {
        ...facet('2-0-3/JobTypeJobFacet'),
        processingType: 'BATCH',
        integration: 'FIELDLOOP',
        jobType: 'DATASET_BUILD',
      },
    },
  };
  const inputs: Json[] = [
    versioned(namespace, `ontology/${manifest.selection.ontology}`, manifest.ontologySha256),
    ...(manifest.parent === null ? [] : [versioned(namespace, dataset, manifest.parent)]),
  ];
  const statistics = {
    ...facet('1-0-2/OutputStatisticsOutputDatasetFacet'),
    rowCount: manifest.counts.items,
    size: version.itemsBytes,
  };
  const output: Json = {
    ...versioned(namespace, dataset, id),
    outputFacets: { outputStatistics: statistics },
  };
  const test: Json = {
    ...facet('1-0-0/TestRunFacet'),
    tests: version.gates.map((gate) => ({
      name: gate.gate,
      ...statusOf(gate.outcome),
      type: 'dataset_gate',
      description: gate.reason,
    })),
  };
  const ended = version.state === 'rejected' ? 'ABORT' : 'COMPLETE';
  return [
    event({ eventType: 'START', at: version.asOf, runId, job, inputs, outputs: [] }),
    event({
      eventType: ended,
      at: version.createdAt,
      runId,
      runFacets: { test },
      job,
      inputs,
      outputs: [output],
    }),
  ];
}

const statuses: Readonly<
  Record<GateOutcome, { readonly status: string; readonly severity: string }>
> = {
  pass: { status: 'pass', severity: 'error' },
  warn: { status: 'fail', severity: 'warn' },
  inconclusive: { status: 'skip', severity: 'error' },
  fail: { status: 'fail', severity: 'error' },
};

const statusOf = (outcome: GateOutcome) => ({ ...statuses[outcome] });

const trainingEnds: Readonly<Record<string, string>> = {
  done: 'COMPLETE',
  failed: 'FAIL',
  stopped: 'ABORT',
};

function trainingEvents(
  namespace: string,
  version: DatasetVersion,
  run: TrainingRun,
): readonly Json[] {
  const runId = runIdOf(`training ${run.id}`);
  const job = { namespace, name: `training.${run.model}` };
  const inputs = [versioned(namespace, version.dataset, version.id)];
  const start = event({ eventType: 'START', at: run.startedAt, runId, job, inputs, outputs: [] });
  const ended = trainingEnds[run.state];
  if (ended === undefined || run.endedAt === undefined) return [start];
  const { onnxSha256, endedAt } = run;
  const outputs =
    onnxSha256 === undefined ? [] : [versioned(namespace, `model/${run.model}`, onnxSha256)];
  return [start, event({ eventType: ended, at: endedAt, runId, job, inputs, outputs })];
}
