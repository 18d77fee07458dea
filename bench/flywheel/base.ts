/** What is there before the robots: ontology, data set, the imported first part of the table. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startProgram } from '@fieldloop/e2e';
import type { Calls } from './calls.ts';
import { recordRows, placeTimeNs, rowTopic } from './recording.ts';
import type { Table } from './table.ts';

export const setName = 'table';

export interface Place {
  readonly root: string;
  readonly folder: string;
  readonly url: string;
  readonly key: string;
}

/** The id of the import: a version takes its labels as those of a batch. */
export async function importFirst(
  calls: Calls,
  where: Place,
  of: { readonly table: Table; readonly rows: readonly number[] },
): Promise<string> {
  const { table, rows } = of;
  const ontology = { name: setName, classes: table.classes.map((name) => ({ name })) };
  await calls.post('/v1/ontologies', ontology);
  await calls.post('/v1/datasets', {
    name: setName,
    selection: { ontology: setName },
    splitRule: { buckets: { test: 0, calibration: 0 } },
    // Rows of a robot that stands still are near-equal, and there is one split alone.
    gates: { leakCosine: null, classMinimum: 0, testMinimum: 0 },
  });
  const base = join(where.folder, 'base');
  await mkdir(base);
  await writeFile(join(base, 'ontology.json'), JSON.stringify(ontology));
  await writeFile(join(base, 'first.mcap'), await recordRows(table.rows, rows));
  const lines = rows.map((row, place) => {
    const startNs = String(placeTimeNs(place));
    const name = table.classes[table.labels[row] ?? 0];
    return JSON.stringify({ file: 'first.mcap', topic: rowTopic, startNs, class: name });
  });
  await writeFile(join(base, 'items.ndjson'), `${lines.join('\n')}\n`);
  const { url, key } = where;
  const words = ['datasets', 'import', base, '--dataset', setName, '--url', url, '--key', key];
  const running = startProgram({
    name: 'fieldloop datasets import',
    args: [join(where.root, 'cli/bin/fieldloop.mjs'), ...words],
    cwd: where.root,
    logFile: join(where.folder, 'import.log'),
  });
  const id = await running.ready;
  await running.exited;
  return id.trim();
}

/** A version of these batches; gates that are red for a small table are signed with the reason. */
export async function signedOff(
  calls: Calls,
  { name, batches }: { readonly name: string; readonly batches: readonly string[] },
): Promise<string> {
  const { version } = await calls.work<{ readonly version: string }>(
    `/v1/datasets/${name}/versions`,
    { batches, publish: true },
  );
  const { state } = await calls.get<{ readonly state: string }>(`/v1/datasetVersions/${version}`);
  if (state === 'draft') {
    const body = { decision: 'ready', reason: 'the bench measures on blocks held out by itself' };
    await calls.post(`/v1/datasetVersions/${version}:signOff`, body);
  }
  return version;
}

export const versionOf = async (calls: Calls, batches: readonly string[]): Promise<string> =>
  await signedOff(calls, { name: setName, batches });
