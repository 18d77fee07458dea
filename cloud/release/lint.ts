/** What is wrong with a manifest: by itself, and against what is here. */
import type { DocumentFault, DocumentPath } from '../http/yaml-document.ts';
import type { Db } from '../store/db.ts';
import { findRelease } from '../store/release-ref.ts';
import { artifactsOf, isInRange, parseManifest, type ReleaseManifest } from './manifest.ts';

export interface Linted {
  readonly manifest: ReleaseManifest | undefined;
  /** In the order of lines. */
  readonly faults: readonly DocumentFault[];
}

interface Found {
  readonly path: DocumentPath;
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
}

/** All faults at once. */
export async function lintManifest(db: Db, text: string): Promise<Linted> {
  const { manifest, faults, place } = parseManifest(text);
  if (manifest === undefined) return { manifest, faults: inOrder(faults) };
  const found = [
    ...(await reused(db, manifest)),
    ...(await missingFiles(db, manifest)),
    ...(await wayBack(db, manifest)),
    ...unmet(manifest),
  ];
  const placed = found.map(({ path, ...fault }) => ({ ...place(path), ...fault }));
  return { manifest, faults: inOrder([...faults, ...placed]) };
}

const inOrder = (faults: readonly DocumentFault[]): readonly DocumentFault[] =>
  faults.toSorted((a, b) => a.line - b.line || a.column - b.column);

async function reused(db: Db, { name, version }: ReleaseManifest): Promise<Found[]> {
  const known = await db
    .selectFrom('release')
    .select('id')
    .where('name', '=', name)
    .where('semver', '=', version)
    .executeTakeFirst();
  if (known === undefined) return [];
  return [
    {
      path: ['version'],
      code: 'version-reused',
      message: `${name}@${version} is ${known.id}, for ever`,
      remedy: 'Raise the version.',
    },
  ];
}

async function missingFiles(db: Db, manifest: ReleaseManifest): Promise<Found[]> {
  const found: Found[] = [];
  for (const { sha256, size, path: file, place, kind } of artifactsOf(manifest)) {
    const stored = await sizeOf(db, sha256, kind === 'rules-bundle');
    if (stored === undefined) {
      const isRules = kind === 'rules-bundle';
      found.push({
        path: [...place, 'sha256'],
        code: 'blob-missing',
        message: isRules
          ? `no version of a rule set has the text ${sha256.slice(0, 12)}`
          : `${file} (${sha256.slice(0, 12)}) is not here`,
        remedy: isRules
          ? 'Save it first: fieldloop rules add FILE.'
          : `Bring it first: fieldloop releases upload ${file}`,
      });
    } else if (stored !== size) {
      found.push({
        path: [...place, 'size'],
        code: 'blob-size',
        message: `${file} has ${stored} bytes, not ${size}`,
        remedy: `Write size: ${stored}, or the hash of the file that is meant.`,
      });
    }
  }
  return found;
}

async function sizeOf(db: Db, sha256: string, isRules: boolean): Promise<number | undefined> {
  if (isRules) {
    const version = await db
      .selectFrom('rule_version')
      .select('text')
      .where('text_sha256', '=', sha256)
      .limit(1)
      .executeTakeFirst();
    return version === undefined ? undefined : Buffer.byteLength(version.text);
  }
  const row = await db
    .selectFrom('artifact')
    .select('size_bytes')
    .where('sha256', '=', sha256)
    .executeTakeFirst();
  if (row !== undefined) return Number(row.size_bytes);
  // The files of a model version are objects that the registry keeps.
  const blob = await db
    .selectFrom('blob')
    .select('size_bytes')
    .where('sha256', '=', sha256)
    .executeTakeFirst();
  return blob === undefined ? undefined : Number(blob.size_bytes);
}

async function wayBack(db: Db, manifest: ReleaseManifest): Promise<Found[]> {
  const { previous } = manifest;
  if (previous === undefined) return [];
  const before = await findRelease(db, previous);
  const at = (code: string, message: string, remedy: string): Found[] => [
    { path: ['previous'], code, message, remedy },
  ];
  if (before === undefined) {
    return at('previous-unknown', `there is no release ${previous}`, 'Name one that was added.');
  }
  if (before.state === 'withdrawn' || before.state === 'rejected') {
    return at(
      'previous-withdrawn',
      `${previous} is ${before.state}`,
      'Name a release that robots may go back to, or none.',
    );
  }
  if (manifest.rollback !== 'automatic') return [];
  const older = JSON.parse(before.manifest) as ReleaseManifest;
  return manifest.components.flatMap((one, i) => {
    const was = older.components.find(({ name }) => name === one.name);
    if (was === undefined || was.epoch >= one.epoch) return [];
    return [
      {
        path: ['components', i, 'epoch'],
        code: 'previous-epoch',
        message: `${previous} has epoch ${was.epoch} of ${one.name}: robots could not go back`,
        remedy: 'Say rollback: manual or none, or name a newer previous.',
      },
    ];
  });
}

/** What a component requires of another one in the same release must hold in it. */
function unmet({ components }: ReleaseManifest): Found[] {
  return components.flatMap(({ requires }, i) =>
    Object.entries(requires?.installed ?? {}).flatMap(([name, range]) => {
      const other = components.find((one) => one.name === name);
      if (other === undefined || isInRange(other.version, range)) return [];
      return [
        {
          path: ['components', i, 'requires', 'installed', name],
          code: 'requires',
          message: `${name} is ${other.version} in this release, not ${range}`,
          remedy: 'Change the range, or the version of the component.',
        },
      ];
    }),
  );
}
