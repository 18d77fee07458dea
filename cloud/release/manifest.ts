/** The manifest of a release: what it may say, its canonical form and digest. Pure. */
import { canonicalJson, sha256Hex } from '@fieldloop/core';
import { z } from '../http/openapi.ts';
import { type DocumentFault, type DocumentPath, readDocument } from '../http/yaml-document.ts';
import { maxArtifactBytes, maxComponents } from '../release-limits.ts';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'is not a SHA-256 in lower-case hex');
const name = z.string().regex(/^[a-z0-9-]{1,64}$/, 'is not a name: use 1 to 64 of a-z, 0-9 and -');
const whole = z.int('is not a whole number').min(0);
/** SemVer 2.0: core, pre-release, build. */
const semver = z
  .string()
  .regex(
    /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$/,
    'is not a version such as 2.14.0',
  )
  .max(64);
const range = z
  .string()
  .min(1)
  .max(128)
  .refine((text) => parseRange(text) !== undefined, 'is not a range such as ">=2.12.0 <3.0.0"');
const duration = z.string().regex(/^\d{1,6}(ms|s|m|h|d)$/, 'is not a duration such as 10m');
const artifact = z.strictObject({
  path: z.string().regex(/^(?!\/)(?!.*\.\.)[\w./-]{1,256}$/, 'is not a relative path'),
  sha256,
  size: whole.max(maxArtifactBytes, 'is larger than 8 GiB'),
});

/** Kinds that this cloud can bring to robots. */
export const componentKinds = ['onnx-model', 'rules-bundle', 'sim'] as const;
export type ComponentKind = (typeof componentKinds)[number];

const component = z.strictObject({
  name,
  kind: z.enum(componentKinds, `is not one of ${componentKinds.join(', ')}`),
  version: semver,
  epoch: whole.max(2 ** 32 - 1).default(0),
  artifact,
  requires: z
    .strictObject({
      hardware: z.array(z.string().min(1).max(64)).max(32).optional(),
      agent: range.optional(),
      installed: z.record(name, range).optional(),
      diskMiB: whole.optional(),
    })
    .optional(),
  trial: z
    .strictObject({
      soak: duration,
      deadline: duration,
      checks: z
        .array(z.enum(['contact', 'services', 'disk']))
        .max(8)
        .default([]),
    })
    .optional(),
  onnx: z
    .strictObject({
      document: artifact,
      calibration: sha256.optional(),
      golden: z
        .strictObject({
          path: artifact.shape.path,
          sha256,
          cases: whole,
          toleranceMicro: whole,
        })
        .optional(),
      limits: z.strictObject({ p95Ms: whole, rssMiB: whole }).optional(),
      shadow: z
        .strictObject({ frames: whole, disagreementBp: whole, latencyRatioBp: whole })
        .optional(),
    })
    .optional(),
  rules: z
    .strictObject({
      engine: z.string().max(64).optional(),
      forecast: z
        .strictObject({
          firesPerRobotDay: z.tuple([whole, whole]),
          mibPerRobotDay: z.tuple([whole, whole]),
        })
        .optional(),
    })
    .optional(),
  sim: z.strictObject({ script: z.array(z.string().max(64)).max(64) }).optional(),
});

export const manifestSchema = z.strictObject({
  apiVersion: z.literal('fieldloop.release/v1'),
  kind: z.literal('Release'),
  name,
  version: semver,
  notes: z.string().max(4000).default(''),
  previous: z
    .string()
    .regex(/^[a-z0-9-]{1,64}@\S{1,64}$/, 'is not name@version')
    .optional(),
  rollback: z.enum(['automatic', 'manual', 'none']).default('automatic'),
  order: z.array(name).min(1).max(maxComponents),
  components: z.array(component).min(1).max(maxComponents),
  evidence: z.record(z.string().max(64), z.string().max(256)).default({}),
});

export type ReleaseManifest = z.infer<typeof manifestSchema>;
export type ManifestArtifact = z.infer<typeof artifact>;

/** SHA-256 of the canonical JSON: what approvals, rollouts and reports name. */
export const manifestDigest = (manifest: ReleaseManifest): string =>
  sha256Hex(canonicalJson(manifest));

export interface ParsedManifest {
  readonly manifest: ReleaseManifest | undefined;
  readonly faults: readonly DocumentFault[];
  readonly place: (path: DocumentPath) => Pick<DocumentFault, 'line' | 'column'>;
}

/** Reads a manifest and finds what is wrong with it by itself; what is here is asked later. */
export function parseManifest(text: string): ParsedManifest {
  const { value, faults, place } = readDocument(text, manifestSchema);
  if (value === undefined) return { manifest: undefined, faults, place };
  const found = ownFaults(value).map(({ path, ...fault }) => ({ ...place(path), ...fault }));
  return { manifest: value, faults: found, place };
}

export interface ManifestFault {
  readonly path: DocumentPath;
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
}

const kindBlock = { 'onnx-model': 'onnx', 'rules-bundle': 'rules', sim: 'sim' } as const;

function ownFaults(manifest: ReleaseManifest): ManifestFault[] {
  const { components, order } = manifest;
  const names = components.map((one) => one.name);
  const faults: ManifestFault[] = [];
  const isPermutation =
    order.length === names.length && [...order].sort().join() === [...names].sort().join();
  if (!isPermutation) {
    faults.push({
      path: ['order'],
      code: 'order',
      message: 'order is not a permutation of the components',
      remedy: `Name each of them once: ${names.join(', ')}.`,
    });
  }
  components.forEach((one, i) => {
    if (names.indexOf(one.name) !== i) {
      faults.push({
        path: ['components', i, 'name'],
        code: 'duplicate-name',
        message: `there are two components named ${one.name}`,
        remedy: 'Give each a name of its own.',
      });
    }
    const block = kindBlock[one.kind];
    for (const other of Object.values(kindBlock)) {
      if (
        other === block ? one[other] !== undefined || block === 'rules' : one[other] === undefined
      )
        continue;
      faults.push({
        path: other === block ? ['components', i] : ['components', i, other],
        code: 'kind-block',
        message:
          other === block
            ? `${one.name} is of kind ${one.kind} and has no block "${block}"`
            : `${one.name} is of kind ${one.kind} and has a block "${other}"`,
        remedy: other === block ? `Add ${block}: …` : 'Remove the block, or change the kind.',
      });
    }
  });
  return [...faults, ...cycles(manifest)];
}

/** Components that need each other's newer version in a circle could never be installed. */
function cycles({ components }: ReleaseManifest): ManifestFault[] {
  const needs = new Map(
    components.map(({ name: own, requires }) => [own, Object.keys(requires?.installed ?? {})]),
  );
  const state = new Map<string, 'open' | 'done'>();
  const isCyclic = (of: string): boolean => {
    if (state.get(of) === 'done') return false;
    if (state.get(of) === 'open') return true;
    state.set(of, 'open');
    const found = (needs.get(of) ?? []).some((other) => needs.has(other) && isCyclic(other));
    state.set(of, 'done');
    return found;
  };
  const first = components.findIndex((one) => isCyclic(one.name));
  if (first < 0) return [];
  return [
    {
      path: ['components', first, 'requires', 'installed'],
      code: 'cycle',
      message: `what ${components[first]?.name ?? ''} requires leads back to itself`,
      remedy: 'Take one of the requirements out.',
    },
  ];
}

interface Bound {
  readonly op: string;
  readonly version: readonly number[];
}

function parseRange(text: string): readonly Bound[] | undefined {
  const bounds = text.split(/\s+/).map((part) => {
    const found = /^(>=|<=|>|<|=|\^)?(\d+)\.(\d+)\.(\d+)$/.exec(part);
    if (found === null) return undefined;
    return { op: found[1] ?? '=', version: [Number(found[2]), Number(found[3]), Number(found[4])] };
  });
  return bounds.some((one) => one === undefined)
    ? undefined
    : bounds.filter((one) => one !== undefined);
}

/** Whether a version is in a range such as `>=2.12.0 <3.0.0`; pre-release and build do not count. */
export function isInRange(version: string, text: string): boolean {
  const bounds = parseRange(text);
  const numbers = versionNumbers(version);
  if (bounds === undefined || numbers === undefined) return false;
  return bounds.every(({ op, version: bound }) => {
    const by = compareNumbers(numbers, bound);
    if (op === '>=') return by >= 0;
    if (op === '<=') return by <= 0;
    if (op === '>') return by > 0;
    if (op === '<') return by < 0;
    if (op === '^') return by >= 0 && numbers[0] === bound[0];
    return by === 0;
  });
}

function versionNumbers(version: string): readonly number[] | undefined {
  const found = /^(\d+)\.(\d+)\.(\d+)/.exec(version);
  return found === null ? undefined : found.slice(1, 4).map(Number);
}

function compareNumbers(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((one, i) => one !== b[i]);
  return at < 0 ? 0 : (a[at] ?? 0) - (b[at] ?? 0);
}

/** Every file that the manifest names. */
export function artifactsOf(
  manifest: ReleaseManifest,
): readonly (ManifestArtifact & { readonly place: DocumentPath; readonly kind: ComponentKind })[] {
  return manifest.components.flatMap(({ artifact: own, kind, onnx }, i) => [
    { ...own, place: ['components', i, 'artifact'], kind },
    ...(onnx === undefined
      ? []
      : [{ ...onnx.document, place: ['components', i, 'onnx', 'document'], kind }]),
  ]);
}
