/** What a dataset version is made of, as the tables of triage, annotation and clips have it. */
import type { ItemLane } from '@fieldloop/learning';
import { buildReadRows } from '../dataset-limits.ts';
import type { Db } from './db.ts';

export interface OntologyRef {
  readonly sha256: string;
  readonly name: string;
  readonly n: number;
  readonly document: string;
  readonly classes: readonly string[];
}

/** The newest version of this name, or the one with this hash, as they were then. */
export async function ontologyNamed(
  db: Db,
  name: string,
  asOf?: number,
): Promise<OntologyRef | undefined> {
  let rows = db
    .selectFrom('ontology')
    .selectAll()
    .where((of) => of.or([of('name', '=', name), of('sha256', '=', name)]));
  if (asOf !== undefined) rows = rows.where('created_at', '<=', BigInt(asOf));
  const row = await rows.orderBy('n', 'desc').limit(1).executeTakeFirst();
  if (row === undefined) return undefined;
  const document = JSON.parse(row.document) as {
    readonly classes?: readonly { readonly name: string }[];
  };
  return {
    sha256: row.sha256,
    name: row.name,
    n: Number(row.n),
    document: row.document,
    classes: (document.classes ?? []).map((one) => one.name),
  };
}

export interface LabelQuery {
  /** Name of the ontology. */
  readonly ontology: string;
  /** Its newest version that counts. */
  readonly ontologyN: number;
  readonly types?: readonly string[] | undefined;
  readonly topics?: readonly string[] | undefined;
  readonly batches?: readonly string[] | undefined;
  /** Labels as they were at this wall time. */
  readonly asOf: number;
}

/** What places a label in a version. */
export interface LabelPlace {
  readonly id: string;
  readonly createdAt: number;
  readonly clipId: string;
  readonly clipSha256: string;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly topic: string;
  readonly type: string;
  readonly class: string | undefined;
  readonly sha256: string;
  readonly deviceId: string;
  readonly sessionId: string;
  readonly site: string | undefined;
  readonly unitId: string | undefined;
  readonly lane: ItemLane;
}

/** Every resolved label that was in force then, in the order of creation. */
export async function* labelsOf(
  db: Db,
  query: LabelQuery,
): AsyncGenerator<readonly LabelPlace[], void> {
  let after = { createdAt: -1n, id: '' };
  for (;;) {
    const rows = await labelPage(db, query, after).execute();
    if (rows.length === 0) return;
    yield rows.map(placeOf);
    const last = rows.at(-1);
    if (last === undefined || rows.length < buildReadRows) return;
    after = { createdAt: last.created_at, id: last.id };
  }
}

/** Labels with all that places them. */
const placedLabels = (db: Db) =>
  db
    .selectFrom('label')
    .innerJoin('clip', 'clip.id', 'label.clip_id')
    .innerJoin('task', 'task.id', 'label.task_id')
    .leftJoin('triage_unit', 'triage_unit.id', 'label.unit_id')
    .leftJoin('triage_choice', 'triage_choice.id', 'label.choice_id')
    .leftJoin('dataset_import_label', 'dataset_import_label.label_id', 'label.id')
    .select([
      'label.id',
      'label.created_at',
      'label.clip_id',
      'clip.sha256 as clip_sha256',
      'label.start_ns',
      'label.end_ns',
      'label.topic',
      'label.type',
      'label.class',
      'label.sha256',
      'label.device_id',
      'label.session_id',
      'label.unit_id',
      'triage_unit.site as unit_site',
      'task.site as task_site',
      'triage_choice.lane',
      'dataset_import_label.import_id',
    ]);

type PlaceRow = Awaited<ReturnType<ReturnType<typeof placedLabels>['execute']>>[number];

const placeOf = (row: PlaceRow): LabelPlace => ({
  id: row.id,
  createdAt: Number(row.created_at),
  clipId: row.clip_id,
  clipSha256: row.clip_sha256,
  startNs: row.start_ns,
  endNs: row.end_ns,
  topic: row.topic,
  type: row.type,
  class: row.class ?? undefined,
  sha256: row.sha256,
  deviceId: row.device_id,
  sessionId: row.session_id,
  site: row.unit_site ?? (row.task_site === '' ? undefined : row.task_site),
  unitId: row.unit_id ?? undefined,
  lane: laneOf(row.lane, row.import_id),
});

function labelPage(
  db: Db,
  query: LabelQuery,
  after: { readonly createdAt: bigint; readonly id: string },
) {
  const { types, topics, batches } = query;
  let rows = placedLabels(db)
    .innerJoin('ontology', 'ontology.sha256', 'label.ontology_sha256')
    .where('ontology.name', '=', query.ontology)
    .where('ontology.n', '<=', BigInt(query.ontologyN))
    .where('label.created_at', '<=', BigInt(query.asOf))
    // Compared as one value: with "or" each page would be read from the beginning and sorted.
    .where((of) =>
      of(of.refTuple('label.created_at', 'label.id'), '>', of.tuple(after.createdAt, after.id)),
    )
    .where((of) =>
      of.not(
        of.exists(
          of
            .selectFrom('label as later')
            .select('later.id')
            .whereRef('later.id', '=', 'label.superseded_by')
            .where('later.created_at', '<=', BigInt(query.asOf)),
        ),
      ),
    )
    .orderBy('label.created_at')
    .orderBy('label.id')
    .limit(buildReadRows);
  if (types !== undefined) rows = rows.where('label.type', 'in', types);
  if (topics !== undefined) rows = rows.where('label.topic', 'in', topics);
  if (batches !== undefined) rows = rows.where('task.batch', 'in', batches);
  return rows;
}

function laneOf(lane: string | null, importId: string | null): ItemLane {
  switch (lane) {
    case 'named':
    case 'audit':
    case 'capture':
    case 'diversity':
      return lane;
    default:
      return importId === null ? 'unchosen' : 'imported';
  }
}

/** What else a line says of a label. */
export interface LabelDetail extends LabelPlace {
  readonly bytes: number;
  readonly method: string;
  readonly posterior: number | null;
  readonly alpha: number | null;
  readonly annotators: number;
  readonly choiceId: string | null;
  readonly scorer: string | null;
  readonly scorerSha256: string | null;
  /** Of the choice, times the robot's for a unit of the fleet. */
  readonly propensity: number | null;
  readonly population: string | null;
}

export async function labelDetails(
  db: Db,
  ids: readonly string[],
): Promise<ReadonlyMap<string, LabelDetail>> {
  if (ids.length === 0) return new Map();
  const rows = await placedLabels(db)
    .select([
      'clip.size_bytes',
      'label.method',
      'label.posterior',
      'label.alpha',
      'label.annotators',
      'label.choice_id',
      'triage_choice.scorer',
      'triage_choice.scorer_sha256',
      'triage_choice.propensity',
      'triage_unit.population',
      'triage_unit.propensity_device',
    ])
    .where('label.id', 'in', ids)
    .execute();
  return new Map(
    rows.map((row) => [
      row.id,
      {
        ...placeOf(row),
        bytes: Number(row.size_bytes),
        method: row.method,
        posterior: row.posterior,
        alpha: row.alpha,
        annotators: Number(row.annotators),
        choiceId: row.choice_id,
        scorer: row.scorer,
        scorerSha256: row.scorer_sha256,
        propensity: propensityOf(row),
        population: row.population,
      },
    ]),
  );
}

function propensityOf(row: {
  readonly propensity: number | null;
  readonly population: string | null;
  readonly propensity_device: number | null;
}): number | null {
  if (row.propensity === null) return null;
  return row.population === 'fleet'
    ? row.propensity * (row.propensity_device ?? 1)
    : row.propensity;
}

/** Tags by which a clip says how private it is; the strictest of several holds. */
const privacyTags = ['privacy-raw', 'privacy-redacted', 'privacy-clear'] as const;

export interface ClipFacts {
  readonly id: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly state: string;
  /** `raw`, `redacted`, `clear` or `unstated`. */
  readonly privacy: string;
  readonly residency: string | undefined;
}

/** Of these clips, as they are now. */
export async function clipFacts(
  db: Db,
  ids: readonly string[],
): Promise<ReadonlyMap<string, ClipFacts>> {
  const found = new Map<string, ClipFacts>();
  for (let from = 0; from < ids.length; from += buildReadRows) {
    const some = ids.slice(from, from + buildReadRows);
    const rows = await db
      .selectFrom('clip')
      .leftJoin('device_property', (join) =>
        join
          .onRef('device_property.device_id', '=', 'clip.device_id')
          .on('device_property.key', '=', 'region'),
      )
      .select([
        'clip.id',
        'clip.sha256',
        'clip.size_bytes',
        'clip.state',
        'device_property.text as region',
      ])
      .where('clip.id', 'in', some)
      .execute();
    const tags = await db
      .selectFrom('clip_term')
      .select(['clip_id', 'term'])
      .where('kind', '=', 'tag')
      .where('term', 'in', privacyTags)
      .where('clip_id', 'in', some)
      .execute();
    const byClip = Map.groupBy(tags, (row) => row.clip_id);
    for (const row of rows) {
      const own = (byClip.get(row.id) ?? []).map(({ term }) => term);
      const strictest = privacyTags.find((tag) => own.includes(tag));
      found.set(row.id, {
        id: row.id,
        sha256: row.sha256,
        sizeBytes: Number(row.size_bytes),
        state: row.state,
        privacy: strictest?.slice('privacy-'.length) ?? 'unstated',
        residency: row.region ?? undefined,
      });
    }
  }
  return found;
}

/** Tasks of an ontology, of these batches if any, that were open then and are not done. */
export async function openTasks(db: Db, query: LabelQuery): Promise<number> {
  const { types, topics, batches } = query;
  let rows = db
    .selectFrom('task')
    .innerJoin('ontology', 'ontology.sha256', 'task.ontology_sha256')
    .select(({ fn }) => fn.countAll<bigint>().as('n'))
    .where('ontology.name', '=', query.ontology)
    .where('task.created_at', '<=', BigInt(query.asOf))
    .where('task.gold_id', 'is', null)
    .where('task.state', 'not in', ['resolved', 'void']);
  if (types !== undefined) rows = rows.where('task.type', 'in', types);
  if (topics !== undefined) rows = rows.where('task.topic', 'in', topics);
  if (batches !== undefined) rows = rows.where('task.batch', 'in', batches);
  return Number((await rows.executeTakeFirstOrThrow()).n);
}

/** Device and session of what regression cases hold out. */
export async function heldOutSessions(
  db: Db,
): Promise<
  readonly { readonly device: string; readonly session: string; readonly site?: string }[]
> {
  const rows = await db
    .selectFrom('regression_case')
    .innerJoin('device', 'device.id', 'regression_case.device_id')
    .select(['regression_case.device_id', 'regression_case.session_id', 'device.site'])
    .distinct()
    .where('regression_case.held_out', '=', 1n)
    .where('regression_case.state', '=', 'active')
    .execute();
  return rows.map((row) => ({
    device: row.device_id,
    session: row.session_id,
    ...(row.site === null ? {} : { site: row.site }),
  }));
}

export interface LabelEmbedding {
  readonly label: string;
  readonly modelSha256: string;
  readonly values: Float32Array;
}

/** Of the units of these labels, where they have one. */
export async function labelEmbeddings(
  db: Db,
  labels: readonly string[],
): Promise<readonly LabelEmbedding[]> {
  if (labels.length === 0) return [];
  const rows = await db
    .selectFrom('label')
    .innerJoin('triage_unit', 'triage_unit.id', 'label.unit_id')
    .select(['label.id', 'triage_unit.model_sha256', 'triage_unit.embedding'])
    .where('label.id', 'in', labels)
    .where('triage_unit.embedding', 'is not', null)
    .execute();
  return rows.map((row) => ({
    label: row.id,
    modelSha256: row.model_sha256,
    values: singlesOf(row.embedding ?? ''),
  }));
}

function singlesOf(base64: string): Float32Array {
  const values = new Float32Array(Math.floor((base64.length * 3) / 16));
  const bytes = Buffer.from(values.buffer);
  return values.subarray(0, bytes.write(base64, 'base64') >> 2);
}

/** Values of labels, by id: canonical JSON. */
export async function labelBodies(
  db: Db,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (ids.length === 0) return new Map();
  const rows = await db.selectFrom('label').select(['id', 'body']).where('id', 'in', ids).execute();
  return new Map(rows.map((row) => [row.id, row.body]));
}
