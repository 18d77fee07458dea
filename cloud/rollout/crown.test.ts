/**
 * Goal: the champion is what a completed rollout brought to robots; what it was before is the way
 * back.
 * Method: two versions in a real registry, and a release of the second.
 */
import { canonicalJson } from '@fieldloop/core';
import { systemIds } from '@fieldloop/core/system';
import { expect, test } from 'vitest';
import type { Db } from '../store/db.ts';
import { createModel, getAlias, moveAlias, registerVersion } from '../store/model-registry.ts';
import { sqliteWorld } from '../store/sqlite.sample.ts';
import { crownModels } from './crown.ts';

const act = { at: 1_000, by: 'usr_1', ids: systemIds };

async function version(db: Db, letter: string) {
  const file = (text: string) => ({ sha256: text.repeat(32), sizeBytes: 1 });
  const files = { onnx: file(`${letter}0`), document: file(`${letter}1`) };
  return await registerVersion(db, { model: 'toy', classes: ['a', 'b'], ...files }, act);
}

async function release(db: Db, onnx: string, document: string): Promise<void> {
  const component = { kind: 'onnx-model', artifact: { sha256: onnx } };
  const manifest = { components: [{ ...component, onnx: { document: { sha256: document } } }] };
  const kept = { created_at: 1, updated_at: 1, version: 1 };
  await db
    .insertInto('release')
    .values({
      id: 'rel_1',
      name: 'toy',
      semver: '2.0.0',
      digest: 'e'.repeat(64),
      manifest: canonicalJson(manifest),
      state: 'released',
      evidence: '{}',
      author: 'usr_1',
      ...kept,
    })
    .execute();
}

test('the model that all robots run is the champion, the one before it the rollback', async () => {
  await using world = await sqliteWorld();
  const { db } = world;
  await createModel(db, { name: 'toy' }, act);
  const [first, second] = [await version(db, 'a'), await version(db, 'b')];
  await moveAlias(db, { model: 'toy', alias: 'champion', to: first.id, expects: 'any' }, act);
  await release(db, second.onnx.sha256, second.document.sha256);
  await crownModels(db, 'rel_1', act);
  expect((await getAlias(db, 'toy', 'champion'))?.modelVersion).toBe(second.id);
  expect((await getAlias(db, 'toy', 'rollback'))?.modelVersion).toBe(first.id);
});

test('the same weights under another document are another model', async () => {
  await using world = await sqliteWorld();
  const { db } = world;
  await createModel(db, { name: 'toy' }, act);
  const only = await version(db, 'a');
  await release(db, only.onnx.sha256, 'f'.repeat(64));
  await crownModels(db, 'rel_1', act);
  expect(await getAlias(db, 'toy', 'champion')).toBeUndefined();
});
