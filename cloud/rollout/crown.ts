/** What a whole fleet runs is the champion: the alias follows the robots, not the other way. */
import type { Db } from '../store/db.ts';
import { moveAlias } from '../store/model-registry.ts';
import { findRelease } from '../store/release-ref.ts';

interface Component {
  readonly kind: string;
  readonly artifact: { readonly sha256: string };
  readonly onnx?: { readonly document: { readonly sha256: string } };
}

/** Names the models of a completed rollout's release. Run inside its transaction. */
export async function crownModels(
  trx: Db,
  release: string,
  { at, by }: { readonly at: number; readonly by: string },
): Promise<void> {
  const found = await findRelease(trx, release);
  if (found === undefined) return;
  const { components } = JSON.parse(found.manifest) as { readonly components: Component[] };
  for (const { kind, artifact, onnx } of components) {
    if (kind !== 'onnx-model' || onnx === undefined) continue;
    const version = await trx
      .selectFrom('model_version')
      .select(['id', 'model'])
      .where('onnx_sha256', '=', artifact.sha256)
      .where('document_sha256', '=', onnx.document.sha256)
      .orderBy('created_at', 'desc')
      .orderBy('id', 'desc')
      .executeTakeFirst();
    // A release that somebody wrote by hand may hold a model that no registry knows.
    if (version === undefined) continue;
    const move = { alias: 'champion', to: version.id, expects: 'any' } as const;
    await moveAlias(trx, { model: version.model, ...move }, { at, by });
  }
}
