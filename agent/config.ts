/**
 * `agent.yaml`: one file, one schema, checked whole before anything starts and frozen afterwards.
 * Paths are relative to the folder of the file. The environment gives secrets and nothing else.
 */
import * as z from 'zod';
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Fault, parseDurationNs, parseSize } from '@fieldloop/core';
import { type ClipClass, clipClassSchema, type LogLevel } from '@fieldloop/proto';
import { amount, bytesOf, type DiskBytes, systemDiskBytes } from './amount.ts';
import type { RedactionPolicy } from './clip/redaction-policy.ts';
import {
  type CheckedDocument,
  demand,
  type DocumentText,
  type Inspect,
  parsedText,
  readDocument,
} from './document.ts';
import type { Caps } from './health/load.ts';
import { maxModels, maxSources } from './limits.ts';
import { type EngineWish, providers } from './score/engine-wish.ts';
import { redactionOf, redactionSchema } from './redaction-config.ts';
import { configName, type SourceConfig, sourceOf, sourceSchema } from './source-config.ts';

import { type UplinkConfig, uplinkOf, uplinkSchema } from './uplink-config.ts';

export type { SourceConfig } from './source-config.ts';

export interface AgentConfig {
  /** Where it was read. */
  readonly file: string;
  readonly device: {
    readonly name: string;
    readonly site?: string | undefined;
    readonly properties: Readonly<Record<string, string>>;
    readonly firmware?: string | undefined;
  };
  /** Absent: the agent works without a cloud. */
  readonly cloud?: CloudConfig | undefined;
  readonly sources: readonly SourceConfig[];
  readonly models: readonly { readonly id: string; readonly path: string }[];
  /** What they run on. */
  readonly scoring: EngineWish;
  /** Path of the rule set. */
  readonly rules: string;
  readonly window: { readonly ns: bigint; readonly memoryBytes: number };
  /** Where windows go on the disk, beyond their memory; 0 bytes: nowhere. */
  readonly spool: {
    readonly folder: string;
    readonly maxBytes: number;
    readonly headroomBytes: number;
  };
  readonly redaction: RedactionPolicy;
  readonly buffer: {
    readonly path: string;
    readonly quotaBytes: number;
    readonly headroomBytes: number;
    readonly reserve: Readonly<Partial<Record<ClipClass, number>>>;
  };
  readonly uplink: UplinkConfig;
  readonly limits: Caps & {
    readonly clipNs: bigint;
    readonly silentNs: bigint;
    /** How long models of the cloud are watched before they are trusted. */
    readonly soakMs: number;
  };
  readonly log: { readonly level: LogLevel };
}

interface CloudConfig {
  /** Present when it was configured and, if it comes from the environment, set there. */
  readonly claimToken?: string | undefined;
  /** Name of the environment variable that gives the token. */
  readonly claimTokenFrom?: string | undefined;
}

export type Environment = Readonly<Record<string, string | undefined>>;

const second = 1_000_000_000n;
const duration = parsedText(parseDurationNs);
const size = parsedText(parseSize);
const share = parsedText((text) => {
  const match = /^(\d{1,3}(?:\.\d+)?)%$/.exec(text);
  if (match === null || Number(match[1]) > 100) {
    throw new Fault('invalid', `"${text.slice(0, 40)}" is not a share`, {
      remedy: 'Write a percentage from 0% to 100%, for example 25%.',
    });
  }
  return Number(match[1]) / 100;
});

/** A share of one core: 35 % or, on a machine with several, 150 %. */
const cores = parsedText((text) => {
  const match = /^(\d{1,4}(?:\.\d+)?)%$/.exec(text);
  const value = Number(match?.[1]) / 100;
  if (match === null || value < 0.01) {
    throw new Fault('invalid', `"${text.slice(0, 40)}" is not a share of a core`, {
      remedy: 'Write a percentage of one core, for example 35%.',
    });
  }
  return value;
});

const schema = z.strictObject({
  device: z.strictObject({
    name: z.string().regex(/^[a-z0-9][a-z0-9-]{2,39}$/, 'use 3 to 40 of a-z, 0-9 and -'),
    site: z.string().min(1).max(64).optional(),
    properties: z.record(z.string().max(64), z.string().max(256)).default({}),
    firmware: z.string().min(1).max(64).optional(),
  }),
  cloud: z.strictObject({ claimToken: z.string().min(1).optional() }).optional(),
  sources: z.array(sourceSchema).min(1).max(maxSources),
  models: z
    .array(z.strictObject({ id: configName, path: z.string().min(1) }))
    .max(maxModels)
    .default([]),
  scoring: z
    .strictObject({
      runtime: z.string().min(1).optional(),
      providers: z.array(z.enum(providers)).max(providers.length).default([]),
    })
    .prefault({}),
  rules: z.string().min(1),
  window: z
    .strictObject({
      seconds: z.number().min(1).max(3_600).default(60),
      memory: size.prefault('64MiB'),
      spool: amount.prefault('0B'),
    })
    .prefault({}),
  redaction: redactionSchema,
  buffer: z.strictObject({
    path: z.string().min(1),
    quota: amount.prefault('10GiB'),
    headroom: amount.prefault('1GiB'),
    reserve: z.partialRecord(clipClassSchema, share).default({}),
  }),
  uplink: uplinkSchema,
  limits: z
    .strictObject({
      clip: duration.prefault('120s'),
      silent: duration.prefault('5s'),
      soak: duration.prefault('60s'),
      cpu: cores.optional(),
      memory: size.optional(),
      heat: z
        .strictObject({ file: z.string().min(1), most: z.number().min(20).max(150) })
        .optional(),
      battery: z.strictObject({ file: z.string().min(1), least: share }).optional(),
    })
    .prefault({}),
  log: z
    .strictObject({ level: z.enum(['error', 'warn', 'info', 'debug']).default('info') })
    .prefault({}),
});

/** Keys that the documentation of the house knows and this version does not act on. */
const later: readonly (readonly string[])[] = [['update'], ['cloud', 'url']];

const secretPath = 'cloud.claimToken';
const variable = /^\$\{([A-Za-z_][A-Za-z0-9_]*)\}$/;

/** Shares of the disk are taken of what `diskBytes` says at this moment. */
export function parseConfig(
  source: DocumentText,
  env: Environment,
  diskBytes: DiskBytes = systemDiskBytes,
): CheckedDocument<AgentConfig> {
  const inspect: Inspect = (value) => [...unsupported(value), ...strayVariables(value, [])];
  const example = 'fieldloop-agent check --help';
  const { value, problems } = readDocument({ ...source, example }, schema, inspect);
  if (value === undefined) return { problems };
  const doubled = repeated(source, value);
  if (doubled.length > 0) return { problems: doubled };
  const disk = (): number => diskBytes(resolve(dirname(source.file), value.buffer.path));
  try {
    return { value: frozen(source.file, value, { env, room: roomOf(value, disk) }), problems: [] };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const { message, remedy = '' } = error;
    const path = ['buffer', 'path'];
    const unknown: Inspect = () => [{ path, message: `"buffer.path": ${message}`, remedy }];
    return { problems: readDocument(source, z.unknown(), unknown).problems };
  }
}

/** Reads and checks the file; one Fault `invalid` names every problem. */
export function loadConfig(file: string, env: Environment): AgentConfig {
  return demand(parseConfig({ text: readText(file), file }, env));
}

/** The file's text. Fault `not_found` or `forbidden` with the path. */
export function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    const denied = code === 'EACCES' || code === 'EPERM';
    throw new Fault(denied ? 'forbidden' : 'not_found', `cannot be read (${code})`, {
      place: file,
      remedy: denied
        ? 'Let the user of this process read it.'
        : 'Give the path of an existing file.',
      cause: error,
    });
  }
}

function unsupported(value: unknown): ReturnType<Inspect> {
  return later.flatMap((path) => {
    let here: unknown = value;
    for (const key of path) {
      here = (here as Record<string, unknown> | null | undefined)?.[key];
    }
    if (here === undefined) return [];
    const message = `"${path.join('.')}" is not supported in this version`;
    return [{ path, message, remedy: 'Remove it; this agent would not act on it.' }];
  });
}

function strayVariables(value: unknown, path: readonly PropertyKey[]): ReturnType<Inspect> {
  if (typeof value === 'string') {
    const isSecret = path.join('.') === secretPath;
    const wrong = isSecret ? value.includes('${') && !variable.test(value) : value.includes('${');
    if (!wrong) return [];
    const message = isSecret
      ? `"${secretPath}": a variable stands alone, as \${NAME}`
      : `"${path.map(String).join('.')}": the environment is for secrets only`;
    return [{ path, message, remedy: `Only ${secretPath} takes \${NAME}; write the value here.` }];
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) =>
    strayVariables(item, [...path, Array.isArray(value) ? Number(key) : key]),
  );
}

type Parsed = z.infer<typeof schema>;

/** Names and ids that stand twice. */
function repeated(source: DocumentText, value: Parsed): CheckedDocument<never>['problems'] {
  const twice = (key: 'sources' | 'models', ids: readonly string[]): ReturnType<Inspect> =>
    ids.flatMap((id, i) => {
      if (ids.indexOf(id) === i) return [];
      const message = `"${key}[${i}]": the name "${id}" stands twice`;
      return [{ path: [key, i], message, remedy: 'Give each its own name.' }];
    });
  const inspect: Inspect = () => [
    ...twice(
      'sources',
      value.sources.map((one) => one.name),
    ),
    ...twice(
      'models',
      value.models.map((one) => one.id),
    ),
  ];
  return readDocument(source, z.unknown(), inspect).problems;
}

/** In bytes. */
interface Room {
  readonly quota: number;
  readonly headroom: number;
  readonly spool: number;
}

const roomOf = ({ buffer, window }: Parsed, disk: () => number): Room => ({
  quota: bytesOf(buffer.quota, disk),
  headroom: bytesOf(buffer.headroom, disk),
  spool: bytesOf(window.spool, disk),
});

function frozen(
  file: string,
  value: Parsed,
  { env, room }: { readonly env: Environment; readonly room: Room },
): AgentConfig {
  const below = (path: string): string => resolve(dirname(file), path);
  const { buffer, window, limits } = value;
  const reserve = Object.entries(buffer.reserve).map(([key, part]) => [
    key,
    Math.floor(part * room.quota),
  ]);
  return Object.freeze({
    file,
    device: value.device,
    cloud: value.cloud === undefined ? undefined : cloudOf(value.cloud.claimToken, env),
    sources: value.sources.map((one) => sourceOf(one, below)),
    models: value.models.map((model) => ({ id: model.id, path: below(model.path) })),
    scoring: {
      runtime: value.scoring.runtime === undefined ? undefined : below(value.scoring.runtime),
      providers: value.scoring.providers,
    },
    rules: below(value.rules),
    window: {
      ns: BigInt(Math.round(window.seconds * 1_000)) * (second / 1_000n),
      memoryBytes: window.memory,
    },
    spool: {
      folder: join(below(buffer.path), 'spool'),
      maxBytes: room.spool,
      headroomBytes: room.headroom,
    },
    redaction: redactionOf(value.redaction),
    buffer: {
      path: below(buffer.path),
      quotaBytes: room.quota,
      headroomBytes: room.headroom,
      reserve: Object.fromEntries(reserve),
    },
    uplink: uplinkOf(value.uplink),
    limits: {
      clipNs: limits.clip,
      silentNs: limits.silent,
      soakMs: Number(limits.soak / 1_000_000n),
      ...capsOf(limits, below),
    },
    log: value.log,
  });
}

function capsOf(limits: Parsed['limits'], below: (path: string) => string): Caps {
  const { cpu, memory: memoryBytes, heat, battery } = limits;
  return {
    cpu,
    memoryBytes,
    heat: heat && { file: below(heat.file), mostC: heat.most },
    battery: battery && { file: below(battery.file), least: battery.least },
  };
}

function cloudOf(claimToken: string | undefined, env: Environment): CloudConfig {
  const from = variable.exec(claimToken ?? '')?.[1];
  return from === undefined ? { claimToken } : { claimToken: env[from], claimTokenFrom: from };
}
