/** Whether a device has what it should have, section by section, and what differs. Pure. */
import { canonicalJson, type Json } from '@fieldloop/core';
import { desiredModelsSchema, readModelsReport } from '@fieldloop/proto';

export const configStates = ['in_sync', 'pending', 'rejected', 'unmanaged'] as const;
export type ConfigState = (typeof configStates)[number];

export interface DesiredSection {
  readonly section: string;
  readonly generation: number;
  readonly digest: string;
  readonly document: Json;
  readonly updatedAt: number;
}

export interface ReportedSectionFacts {
  readonly digest: string;
  readonly document: Json;
  readonly at: number;
}

export interface Difference {
  /** JSON pointer into the desired document. */
  readonly pointer: string;
  readonly desired?: Json;
  readonly reported?: Json;
}

export interface SectionConfig {
  readonly section: string;
  readonly state: ConfigState;
  /** Unix milliseconds since when it is in this state. */
  readonly since: number;
  readonly desired?: { readonly generation: number; readonly digest: string };
  readonly reported?: { readonly digest: string; readonly at: number };
  readonly differences: readonly Difference[];
  /** Why the device does not take it, in its own words. */
  readonly problems?: Json;
}

/**
 * `unmanaged`: nothing is desired. `pending` until the device reports it or rejects it; a document
 * that names artifacts by digest, as `rules` does, is held against what the device runs of them.
 */
export function sectionConfig(
  section: string,
  desired: DesiredSection | undefined,
  reported: ReportedSectionFacts | undefined,
): SectionConfig {
  const shown = {
    section,
    ...(desired === undefined
      ? {}
      : { desired: { generation: desired.generation, digest: desired.digest } }),
    ...(reported === undefined ? {} : { reported: { digest: reported.digest, at: reported.at } }),
  };
  if (desired === undefined) {
    return { ...shown, state: 'unmanaged', since: reported?.at ?? 0, differences: [] };
  }
  const wanted = comparableDesired(section, desired.document);
  const has = reported && comparableReported(section, reported.document);
  const isSame = reported?.digest === desired.digest;
  const differences = isSame ? [] : differencesOf(wanted, has);
  if (reported !== undefined && differences.length === 0) {
    const since = Math.max(reported.at, section === 'rules' ? 0 : desired.updatedAt);
    return { ...shown, state: 'in_sync', since, differences };
  }
  const rejected = reported && rejectionOf(desired, wanted, reported.document);
  if (rejected !== undefined) {
    const { problems } = rejected;
    return {
      ...shown,
      state: 'rejected',
      since: reported?.at ?? desired.updatedAt,
      differences,
      ...(problems === undefined ? {} : { problems }),
    };
  }
  return { ...shown, state: 'pending', since: desired.updatedAt, differences };
}

type JsonObject = { readonly [key: string]: Json | undefined };

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * A rule set is its digest and a model those of its two files: texts, sizes and the rollout that
 * brought them are not compared.
 */
function comparableDesired(section: string, document: Json): Json {
  if (section === 'models') return modelDigests(document);
  if (section !== 'rules' || !isObject(document)) return document;
  return { active: digestIn(document['active']), shadow: digestIn(document['shadow']) };
}

function comparableReported(section: string, document: Json): Json {
  if (section === 'models') return runningDigests(document);
  if (section !== 'rules' || !isObject(document)) return document;
  return { active: digestIn(document), shadow: digestIn(document['shadow']) };
}

function modelDigests(document: Json): Json {
  const { data } = desiredModelsSchema.safeParse(document);
  const models = Object.entries(data?.models ?? {});
  return Object.fromEntries(
    models.map(([id, { onnx, document: declared }]) => [
      id,
      { sha256: onnx.sha256, documentSha256: declared.sha256 },
    ]),
  );
}

function runningDigests(document: Json): Json {
  const running = Object.entries(readModelsReport(document)?.running ?? {});
  return Object.fromEntries(
    running.map(([id, { sha256, documentSha256 = null }]) => [id, { sha256, documentSha256 }]),
  );
}

const digestIn = (part: Json | undefined): Json | undefined =>
  isObject(part) && typeof part['digest'] === 'string' ? { digest: part['digest'] } : undefined;

/** What the desired document names and the reported one has otherwise; what it adds is its own. */
function differencesOf(desired: Json | undefined, reported: Json | undefined): Difference[] {
  const found: Difference[] = [];
  const walk = (wanted: Json | undefined, has: Json | undefined, pointer: string): void => {
    if (wanted === undefined) return;
    if (isObject(wanted)) {
      for (const [key, value] of Object.entries(wanted)) {
        walk(value, isObject(has) ? has[key] : undefined, `${pointer}/${escaped(key)}`);
      }
      return;
    }
    if (has !== undefined && canonicalJson(wanted) === canonicalJson(has)) return;
    found.push({ pointer, desired: wanted, ...(has === undefined ? {} : { reported: has }) });
  };
  walk(desired, reported, '');
  return found;
}

const escaped = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1');

function rejectionOf(
  desired: DesiredSection,
  wanted: Json,
  document: Json,
): { readonly problems?: Json } | undefined {
  if (desired.section === 'models') return failedTry(desired, document);
  const rejected = isObject(document) ? document['rejected'] : undefined;
  if (!isObject(rejected)) return undefined;
  const active = isObject(wanted) ? wanted['active'] : undefined;
  const shadow = isObject(wanted) ? wanted['shadow'] : undefined;
  const digests = [active, shadow].map((part) => (isObject(part) ? part['digest'] : undefined));
  const digest = rejected['digest'];
  if (typeof digest !== 'string') return undefined;
  if (![desired.digest, ...digests].includes(digest)) return undefined;
  const { problems } = rejected;
  return problems === undefined ? {} : { problems };
}

/** The very try that is wanted failed on the robot: before it ran, or soon after. */
function failedTry(
  desired: DesiredSection,
  document: Json,
): { readonly problems?: Json } | undefined {
  const wanted = desiredModelsSchema.safeParse(desired.document).data;
  const report = readModelsReport(document);
  if (report?.state !== 'rejected' && report?.state !== 'rolled_back') return undefined;
  if (report.rollout !== wanted?.rollout || report.attempt !== wanted?.attempt) return undefined;
  return report.fault === undefined ? {} : { problems: [{ ...report.fault }] };
}
