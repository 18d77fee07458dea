/** The cloud as its own process, and the few calls of its API that a site needs. */
import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { CommandJson } from '@fieldloop/cloud';
import { Fault } from '@fieldloop/core';
import { type Running, startProgram } from './process.ts';

export interface CloudUrls {
  readonly http: string;
  readonly broker: string;
  readonly enrol: string;
}

export interface CloudProcess {
  readonly running: Running;
  readonly urls: CloudUrls;
  readonly key: string;
  readonly dataDir: string;
}

/** `host:port` of each listener; port 0 takes a free one. */
export interface CloudPorts {
  readonly http: string;
  readonly broker: string;
  readonly enrol: string;
}

export const freePorts: CloudPorts = {
  http: '127.0.0.1:0',
  broker: '127.0.0.1:0',
  enrol: '127.0.0.1:0',
};

/** The listeners of a cloud that ran before, so that it comes back where its robots look for it. */
export function samePorts(urls: CloudUrls): CloudPorts {
  return {
    http: new URL(urls.http).host,
    broker: new URL(urls.broker).host,
    enrol: new URL(urls.enrol).host,
  };
}

/** Resolves when the cloud says it is ready. Fault `unavailable` with its last lines otherwise. */
export async function startCloud(
  root: string,
  folder: string,
  ports: CloudPorts = freePorts,
): Promise<CloudProcess> {
  const dataDir = join(folder, 'cloud');
  await mkdir(dataDir, { recursive: true });
  const listen = Object.entries(ports).flatMap(([name, at]: [string, string]) => [`--${name}`, at]);
  const running = startProgram({
    name: 'cloud',
    args: [join(root, 'cli/bin/fieldloop.mjs'), 'cloud', 'run', '--data', dataDir, ...listen],
    cwd: root,
    logFile: join(folder, 'cloud.log'),
  });
  const urls = JSON.parse(await running.ready) as CloudUrls;
  const key = readFileSync(join(dataDir, 'admin.key'), 'utf8').trim();
  return { running, urls, key, dataDir };
}

/** A clip as the API lists it; only the members that a site looks at. */
export interface ListedClip {
  readonly id: string;
  readonly device: string;
  readonly state: string;
  readonly startNs: string;
  readonly severity: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly why: {
    readonly rule: string;
    /** The rule's own words. */
    readonly text?: string;
    readonly expression: string;
    readonly values: Readonly<Record<string, number | string | boolean | null>>;
  };
  readonly scores: Readonly<Record<string, number>>;
}

export interface ListedDevice {
  readonly name: string;
  readonly state: string;
  readonly presence: { readonly online: boolean };
}

export interface CloudApi {
  createClaimToken(device: string): Promise<string>;
  /** Every clip under a query such as `state=stored`, newest first, page by page. */
  clips(query?: string): Promise<ListedClip[]>;
  events(query?: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
  devices(): Promise<ListedDevice[]>;
  revoke(device: string): Promise<void>;
  data(clip: string): Promise<Uint8Array>;
  clip(id: string): Promise<ListedClip>;
  device(name: string): Promise<ShownDevice>;
  /** Asks a device for something; gives the command's id. */
  command(device: string, kind: string, input?: object): Promise<string>;
  shownCommand(id: string): Promise<CommandJson>;
}

/** A device with what it reports as running. */
export interface ShownDevice extends ListedDevice {
  readonly id: string;
  readonly running: Readonly<Record<string, { readonly document: unknown } | undefined>>;
}

export function cloudApi(cloud: Pick<CloudProcess, 'urls' | 'key'>): CloudApi {
  const call = async (path: string, body?: object): Promise<Response> => {
    const ask = async (): Promise<Response> =>
      await fetch(new URL(path, cloud.urls.http), {
        method: body === undefined ? 'GET' : 'POST',
        headers: { authorization: `Bearer ${cloud.key}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    // The cloud closes what was idle while a test waited for a command.
    const response = await ask().catch((error: unknown) => {
      if (body !== undefined) throw error;
      return ask();
    });
    if (response.ok) return response;
    const problem = await response.text();
    throw new Fault('unavailable', `${path} answered ${response.status}: ${problem}`, {
      remedy: 'Look at the log of the cloud.',
    });
  };
  const all = async <T>(path: string): Promise<T[]> => {
    const items: T[] = [];
    for (let cursor = ''; ; ) {
      const page = (await (await call(`${path}&limit=500${cursor}`)).json()) as {
        items: T[];
        nextCursor?: string | null;
      };
      items.push(...page.items);
      if (page.nextCursor === undefined || page.nextCursor === null) return items;
      cursor = `&cursor=${encodeURIComponent(page.nextCursor)}`;
    }
  };
  return {
    async createClaimToken(device) {
      const created = (await (await call('/v1/claimTokens', { device })).json()) as {
        token: string;
      };
      return created.token;
    },
    clips: (query = '') => all(`/v1/clips?${query}`),
    events: (query = '') => all(`/v1/events?${query}`),
    devices: () => all('/v1/devices?'),
    async revoke(device) {
      await call(`/v1/devices/${device}:revoke`, {});
    },
    async clip(id) {
      return (await (await call(`/v1/clips/${id}`)).json()) as ListedClip;
    },
    async device(name) {
      return (await (await call(`/v1/devices/${name}`)).json()) as ShownDevice;
    },
    async command(device, kind, input = {}) {
      const answer = await call(`/v1/devices/${device}/commands`, { kind, input });
      return ((await answer.json()) as CommandJson).id;
    },
    async shownCommand(id) {
      return (await (await call(`/v1/commands/${id}`)).json()) as CommandJson;
    },
    async data(clip) {
      return new Uint8Array(await (await call(`/v1/clips/${clip}/data`)).arrayBuffer());
    },
  };
}
