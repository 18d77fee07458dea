/** The `sources:` of `agent.yaml`: what may stand there, and what it becomes. */
import { Fault, parseDurationNs } from '@fieldloop/core';
import { clockJumpNs } from '@fieldloop/rules/read';
import * as z from 'zod';
import { complain, parsedText } from './document.ts';

interface Named {
  readonly name: string;
  /** Stands before each topic of the source. */
  readonly prefix?: string | undefined;
  /** How late a message may come and still be put into its order; 200 ms when absent. */
  readonly latenessNs?: bigint | undefined;
}

export type SourceConfig = Named &
  (
    | { readonly kind: 'file'; readonly path: string; readonly speed: Speed }
    | {
        readonly kind: 'folder';
        readonly path: string;
        readonly glob: string;
        readonly follow: boolean;
      }
    | { readonly kind: 'sim'; readonly host: string; readonly port: number }
    | { readonly kind: 'foxglove'; readonly url: string }
    | { readonly kind: 'ros2'; readonly domain: number | undefined }
  );

/** What is not read of it when it comes cannot be read later. */
export const isStream = ({ kind }: SourceConfig): boolean => kind === 'foxglove' || kind === 'ros2';

/** Times the speed of the recording; `max` is as fast as it can be read. */
export type Speed = number | 'max';

export const configName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,39}$/, 'use a-z, 0-9, - and _, up to 40');

const endpoint = parsedText((text) => {
  const match = /^tcp:\/\/([^:/?#]+|\[[0-9a-fA-F:]+\]):(\d{1,5})$/.exec(text);
  const port = Number(match?.[2]);
  if (match === null || port < 1 || port > 65_535) {
    throw new Fault('invalid', `"${text.slice(0, 60)}" is not the address of a simulator`, {
      remedy: 'Write tcp://HOST:PORT, for example tcp://127.0.0.1:9000.',
    });
  }
  return { host: (match[1] ?? '').replace(/^\[|\]$/g, ''), port };
});

const webSocket = parsedText((text) => {
  const url = URL.parse(text);
  const isWebSocket = url?.protocol === 'ws:' || url?.protocol === 'wss:';
  if (url === null || !isWebSocket || url.username !== '' || url.hash !== '') {
    throw new Fault('invalid', `"${text.slice(0, 60)}" is not the address of a WebSocket`, {
      remedy: 'Write ws://HOST:PORT or wss://HOST:PORT, for example ws://127.0.0.1:8765.',
    });
  }
  return url.href;
});

const prefix = z
  .string()
  .regex(/^(\/[A-Za-z_][A-Za-z0-9_]*)+$/, 'begin with / and use words, for example /robot_1');

const lateness = parsedText((text) => {
  const ns = parseDurationNs(text);
  if (ns <= clockJumpNs) return ns;
  throw new Fault('invalid', `a lateness of ${text.slice(0, 40)} is more than 5s`, {
    remedy: 'Choose 0s to 5s: what steps back by more is a clock that was set.',
  });
});

const speed = z.union([z.literal('max'), z.number().positive().max(1_000_000)], {
  error: 'write max, or how many times faster than recorded, such as 1 or 10',
});

/** Highest domain that the default ports of DDS leave room for. */
const mostDomain = 232;

const kinds = ['file', 'folder', 'sim', 'foxglove', 'ros2'] as const;
/** Keys that belong to one kind. */
const own: readonly (readonly [string, (typeof kinds)[number]])[] = [
  ['speed', 'file'],
  ['glob', 'folder'],
  ['follow', 'folder'],
];

export const sourceSchema = z
  .strictObject({
    name: configName,
    file: z.string().min(1).optional(),
    folder: z.string().min(1).optional(),
    sim: endpoint.optional(),
    foxglove: webSocket.optional(),
    ros2: z.strictObject({ domain: z.number().int().min(0).max(mostDomain).optional() }).optional(),
    speed: speed.optional(),
    glob: z.string().min(1).optional(),
    follow: z.boolean().optional(),
    prefix: prefix.optional(),
    lateness: lateness.optional(),
  })
  .check((context) => {
    const given: Readonly<Record<string, unknown>> = context.value;
    const found = kinds.filter((kind) => given[kind] !== undefined);
    if (found.length !== 1) {
      complain(context, {
        message: `a source has exactly one of file, folder, sim, foxglove and ros2, this one has ${found.length}`,
        remedy: 'Write for example {name: main, folder: /data/bags, glob: "*.mcap"}.',
      });
      return;
    }
    for (const [key, kind] of own) {
      if (given[key] === undefined || found[0] === kind) continue;
      const message = `"${key}" belongs to a source with "${kind}"`;
      complain(context, { message, remedy: `Remove it, or read a ${kind}.`, path: [key] });
    }
  });

export type ParsedSource = z.infer<typeof sourceSchema>;

/** Recorders make a folder for each recording, so files lie below as well. */
const anyRecording = '**/*.{mcap,bag,db3}';

export function sourceOf(one: ParsedSource, below: (path: string) => string): SourceConfig {
  const { prefix: before, lateness: latenessNs } = one;
  const named = {
    name: one.name,
    ...(before === undefined ? {} : { prefix: before }),
    ...(latenessNs === undefined ? {} : { latenessNs }),
  };
  if (one.file !== undefined) {
    return { ...named, kind: 'file', path: below(one.file), speed: one.speed ?? 1 };
  }
  if (one.folder !== undefined) {
    const { glob = anyRecording, follow = true } = one;
    return { ...named, kind: 'folder', path: below(one.folder), glob, follow };
  }
  if (one.foxglove !== undefined) return { ...named, kind: 'foxglove', url: one.foxglove };
  if (one.ros2 !== undefined) return { ...named, kind: 'ros2', domain: one.ros2.domain };
  return { ...named, kind: 'sim', host: one.sim?.host ?? '', port: one.sim?.port ?? 0 };
}
