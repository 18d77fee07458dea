/**
 * Goal: from any link of the chain both ends are found, and a link that somebody changed is named.
 * Method: a chain from a clip to a decision of a rollout, built by a real dataset build and rows of
 * the later parts; every link changed once.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ApiWorld } from '../http/world.sample.ts';
import { openLineageWorld } from './lineage.sample.ts';

let world: ApiWorld;
let version = '';
let clip = '';
/** The first of the version. */
let label = '';
/** Hashes of the model's document, and of one that another training made. */
let document = '';
let otherDocument = '';

interface Lineage {
  readonly nodes: readonly { readonly kind: string; readonly id: string; readonly check: string }[];
  readonly edges: readonly { readonly from: string; readonly to: string }[];
  readonly verified?: {
    readonly ok: boolean;
    readonly checked: number;
    readonly mismatch?: { readonly id: string; readonly why: string };
  };
}

const lineage = async (id: string, query = ''): Promise<Lineage> => {
  const response = await world.get(`/v1/lineage/${id}?verify=true${query}`);
  const body = (await response.json()) as Lineage;
  expect(response.status, JSON.stringify(body)).toBe(200);
  return body;
};

beforeAll(async () => {
  ({ world, clip, version, label, document, otherDocument } = await openLineageWorld());
});

afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

const kinds = [
  'clip',
  'unit',
  'choice',
  'task',
  'label',
  'dataset_version',
  'training',
  'model_version',
  'evaluation',
  'release',
  'rollout',
  'rollout_decision',
];

test('from either end, and from the middle, the whole chain is found and every hash matches', async () => {
  const down = await lineage(clip, '&direction=down');
  const up = await lineage('rol_1.1', '&direction=up');
  const middle = await lineage(version.slice(0, 12));
  for (const found of [down, up, middle]) {
    const said = found.nodes.map(({ kind }) => kind).filter((kind) => kind !== 'failure');
    expect([...new Set(said)]).toEqual(kinds);
    expect(found.verified).toMatchObject({ ok: true });
    expect(found.verified?.checked).toBeGreaterThan(10);
    for (const { from, to } of found.edges) {
      const places = [from, to].map((id) => found.nodes.findIndex((node) => node.id === id));
      expect(places[0]).toBeGreaterThanOrEqual(0);
      expect(places[0]).toBeLessThan(places[1] ?? -1);
    }
  }
  const unknown = await world.get('/v1/lineage/lbl_nothing');
  expect(unknown.status).toBe(404);
  expect((await world.get('/v1/lineage/what')).status).toBe(400);
});

test('a failure leads to the release that fixed it, and the release to the failures it fixed', async () => {
  const found = await lineage('flr_0');
  const kinds = found.nodes.map(({ kind }) => kind);
  expect(kinds).toEqual([
    'clip',
    'failure',
    'evaluation',
    'release',
    'rollout',
    'rollout_decision',
  ]);
  expect(found.verified).toMatchObject({ ok: true });
  // Asked about, and not fixed.
  const wrong = (await lineage('flr_1')).nodes.map(({ kind }) => kind);
  expect(wrong).toEqual(['clip', 'failure']);
  const up = (await lineage('rol_1.1', '&direction=up')).nodes;
  expect(up.filter(({ kind }) => kind === 'failure').map(({ id }) => id)).toEqual(['flr_0']);
});

const ends = (): readonly string[] => [
  clip,
  'flr_0',
  label,
  version,
  'trn_1',
  'mdv_1',
  'evl_1',
  'rel_1',
  'rol_1',
  'rol_1.1',
];

test('from each link of the chain both ends are found, and every hash matches', async () => {
  for (const end of ends()) {
    const { nodes, verified } = await lineage(end);
    const found = nodes.map(({ kind }) => kind);
    expect([end, found[0], found.at(-1)]).toEqual([end, 'clip', 'rollout_decision']);
    expect(verified).toMatchObject({ ok: true });
  }
});

interface Change {
  readonly table: string;
  readonly key: readonly [string, string];
  readonly column: string;
  readonly to: (before: string) => string | number;
  /** The link that is named. */
  readonly names: string;
  readonly why: string;
  /** Ends whose lineage this link is no part of. */
  readonly blind: readonly string[];
}

/** Changes a value behind the product's back, and puts it right again. */
async function changed(
  { table, key: [key, id], column, to }: Change,
  look: () => Promise<void>,
): Promise<void> {
  const rows = world.db.selectFrom(table as 'label').where(key as 'id', '=', id);
  const row = await rows.select(column as 'body').executeTakeFirstOrThrow();
  const before = (row as unknown as Record<string, string>)[column] ?? '';
  const set = async (value: string | number): Promise<void> => {
    await world.db
      .updateTable(table as 'label')
      .set({ [column]: value })
      .where(key as 'id', '=', id)
      .execute();
  };
  await set(to(before));
  try {
    await look();
  } finally {
    await set(before);
  }
}

const failureAlone = ['flr_0'];

const changes = (): readonly Change[] => [
  {
    table: 'label',
    key: ['id', label],
    column: 'body',
    to: () => '{"class":"other"}',
    names: label,
    why: 'value and consensus',
    blind: failureAlone,
  },
  {
    table: 'dataset_item',
    key: ['label_id', label],
    column: 'label_sha256',
    to: () => 'f'.repeat(64),
    names: label,
    why: 'holds another label',
    blind: failureAlone,
  },
  {
    table: 'dataset_version',
    key: ['id', version],
    column: 'items_sha256',
    to: () => 'f'.repeat(64),
    names: version,
    why: 'names other items',
    blind: failureAlone,
  },
  {
    table: 'training',
    key: ['id', 'trn_1'],
    column: 'seed',
    to: () => 8,
    names: 'trn_1',
    why: 'job key',
    blind: failureAlone,
  },
  {
    table: 'model_version',
    key: ['id', 'mdv_1'],
    column: 'document_sha256',
    to: () => otherDocument,
    names: 'mdv_1',
    why: 'names another training',
    blind: failureAlone,
  },
  {
    table: 'model_version',
    key: ['id', 'mdv_1'],
    column: 'dataset_version_id',
    to: () => 'f'.repeat(64),
    names: 'mdv_1',
    why: 'another dataset version',
    blind: failureAlone,
  },
  {
    table: 'evaluation',
    key: ['id', 'evl_1'],
    column: 'result',
    to: () => '{"accuracy":1}',
    names: 'evl_1',
    why: 'another SHA-256',
    blind: [],
  },
  {
    table: 'evaluation',
    key: ['id', 'evl_1'],
    column: 'dataset_version_id',
    to: () => 'f'.repeat(64),
    names: 'evl_1',
    why: 'other data',
    blind: [],
  },
  {
    table: 'release',
    key: ['id', 'rel_1'],
    column: 'manifest',
    to: (before) => before.replace('"x"', '"y"'),
    names: 'rel_1',
    why: 'another digest',
    blind: [],
  },
  {
    table: 'release',
    key: ['id', 'rel_1'],
    column: 'evidence',
    to: (before) => before.replace('evl_1', 'evl_2'),
    names: 'rel_1',
    why: 'another evaluation',
    blind: [],
  },
  {
    table: 'rollout',
    key: ['id', 'rol_1'],
    column: 'release_digest',
    to: () => 'f'.repeat(64),
    names: 'rol_1',
    why: 'another digest',
    blind: [],
  },
  {
    table: 'rollout_decision',
    key: ['rollout_id', 'rol_1'],
    column: 'inputs',
    to: () => '{"failures":9}',
    names: 'rol_1.1',
    why: 'not those that were recorded',
    blind: [],
  },
  {
    table: 'regression_case',
    key: ['id', 'rgc_0'],
    column: 'clip_sha256',
    to: () => 'f'.repeat(64),
    names: 'flr_0',
    why: 'another clip',
    blind: [label, version, 'trn_1', 'mdv_1'],
  },
];

test.each(Array.from({ length: 13 }, (_, n) => n))(
  'change %i of a row is named from every end',
  async (n) => {
    const change = changes()[n];
    if (change === undefined) throw new Error('no change');
    await changed(change, async () => {
      const blind: string[] = [];
      for (const end of ends()) {
        const { verified, nodes } = await lineage(end, '&fan=30');
        if (nodes.every(({ id }) => id !== change.names)) {
          blind.push(end);
          continue;
        }
        expect([end, verified?.mismatch?.id]).toEqual([end, change.names]);
        expect(verified?.mismatch?.why).toContain(change.why);
      }
      expect(blind).toEqual(change.blind);
    });
    expect((await lineage('rol_1.1', '&direction=up')).verified?.ok).toBe(true);
  },
);

test('a changed manifest of a dataset version is named; a model without its bytes is gone', async () => {
  const row = await world.db.selectFrom('dataset_version').select('manifest').executeTakeFirst();
  const manifest = row?.manifest ?? '';
  const set = async (text: string) =>
    await world.db.updateTable('dataset_version').set({ manifest: text }).execute();
  await set(manifest.replace('Apache-2.0', 'none'));
  const found = await lineage('rol_1.1', '&direction=up');
  expect(found.verified?.mismatch).toEqual({
    id: version,
    why: 'its manifest has another SHA-256',
  });
  await set(manifest);
  await world.bytes.remove(document);
  const gone = await lineage('mdv_1', '&direction=up');
  expect(gone.verified?.ok).toBe(true);
  expect(gone.nodes.at(-1)).toMatchObject({ id: 'mdv_1', check: 'gone' });
});

test('a clip that was erased is gone and no mismatch; one that is missing on disk is', async () => {
  await world.bytes.remove(
    (
      await world.db
        .selectFrom('clip')
        .select('sha256')
        .where('id', '=', clip)
        .executeTakeFirstOrThrow()
    ).sha256,
  );
  expect((await lineage(clip, '&direction=down')).verified?.mismatch).toEqual({
    id: clip,
    why: 'it is stored, and its bytes are not here',
  });
  await world.db.updateTable('clip').set({ state: 'erased' }).where('id', '=', clip).execute();
  const found = await lineage(clip, '&direction=down');
  expect(found.verified?.ok).toBe(true);
  expect(found.nodes[0]).toMatchObject({ id: clip, check: 'gone' });
});
