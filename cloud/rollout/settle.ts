/**
 * Brings what devices should run in line with the rollouts that they are in. A rollout only gives
 * its devices a role; settling one looks at all of them, the newest first, so that the order of
 * offers and of taking back does not matter.
 */
import type { DesiredModels, ModelRef } from '@fieldloop/proto';
import type { ReleaseManifest } from '../release/release.ts';
import type { Db } from '../store/db.ts';
import { listDesired, setDesired } from '../store/desired.ts';

/** How rules follow: publications share their section with rollouts. */
export type SettleRules = (trx: Db, deviceId: string, at: number) => Promise<void>;

/** After a change of roles: one call for each device. */
export async function settleDevice(
  trx: Db,
  deviceId: string,
  deps: { readonly settleRules: SettleRules; readonly at: number },
): Promise<void> {
  const { at } = deps;
  const document = await modelsOf(trx, deviceId);
  const known = await listDesired(trx, deviceId);
  const isNew = !known.some(({ section }) => section === 'models');
  // A device that no rollout ever brought models runs those of its configuration.
  if (!isNew || Object.keys(document).length > 0) {
    await setDesired(trx, { deviceId, section: 'models', document, at });
  }
  await deps.settleRules(trx, deviceId, at);
}

async function modelsOf(trx: Db, deviceId: string): Promise<DesiredModels> {
  const rows = await trx
    .selectFrom('rollout_target as t')
    .innerJoin('rollout as o', 'o.id', 't.rollout_id')
    .innerJoin('release as r', 'r.id', 'o.release_id')
    .select(['t.role', 't.attempt', 'o.id', 'r.name', 'r.semver', 'r.digest', 'r.manifest'])
    .where('t.device_id', '=', deviceId)
    .where('t.role', 'in', ['active', 'shadow'])
    .orderBy('o.id', 'desc')
    .execute();
  const found = rows
    .map((row) => ({ row, manifest: JSON.parse(row.manifest) as ReleaseManifest }))
    .filter(({ manifest }) => manifest.components.some(({ kind }) => kind !== 'rules-bundle'));
  const active = found.find(({ row }) => row.role === 'active');
  const shadow = found.find(({ row }) => row.role === 'shadow');
  return {
    ...(active === undefined
      ? {}
      : {
          release: `${active.row.name}@${active.row.semver}`,
          releaseDigest: active.row.digest,
          rollout: active.row.id,
          attempt: Number(active.row.attempt),
          models: modelRefs(active.manifest),
          ...simRefs(active.manifest),
        }),
    ...(shadow === undefined
      ? {}
      : { shadow: { rollout: shadow.row.id, models: modelRefs(shadow.manifest) } }),
  };
}

function modelRefs({ components }: ReleaseManifest): Record<string, ModelRef> {
  return Object.fromEntries(
    components.flatMap(({ name, artifact, onnx }) =>
      onnx === undefined
        ? []
        : [
            [
              name,
              {
                onnx: { sha256: artifact.sha256, sizeBytes: artifact.size },
                document: { sha256: onnx.document.sha256, sizeBytes: onnx.document.size },
              },
            ] as const,
          ],
    ),
  );
}

function simRefs({ components }: ReleaseManifest): Pick<DesiredModels, 'sim'> {
  const scripted = components.filter(({ kind }) => kind === 'sim');
  if (scripted.length === 0) return {};
  const sim = scripted.map(({ name, artifact: { sha256, size } }) => {
    return [name, { sha256, sizeBytes: size }] as const;
  });
  return { sim: Object.fromEntries(sim) };
}
