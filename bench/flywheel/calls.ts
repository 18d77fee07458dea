/** The cloud's API as the bench calls it: every step of the loop goes through here. */
import { Fault } from '@fieldloop/core';
import { delay } from './delay.ts';

export interface Calls {
  get<T>(path: string): Promise<T>;
  post<T>(path: string, body: object): Promise<T>;
  patch<T>(path: string, body: object, version: number): Promise<T>;
  bytes(path: string): Promise<Uint8Array>;
  upload(path: string, bytes: Uint8Array): Promise<void>;
  /** A list page by page, as far as the caller reads. */
  pages<T>(path: string): AsyncGenerator<readonly T[], void>;
  /** Every item of a list. */
  all<T>(path: string): Promise<readonly T[]>;
  /** Starts long work and waits for its result. */
  work<T>(path: string, body: object): Promise<T>;
}

interface Work<T> {
  readonly id: string;
  readonly state: string;
  readonly result?: T;
}

const pollMs = 200;
const pageSize = 500;

export function openCalls(url: string, key: string): Calls {
  const send = async (
    method: string,
    path: string,
    more: {
      readonly body?: string | Buffer;
      readonly headers?: Readonly<Record<string, string>>;
    } = {},
  ): Promise<Response> => {
    const { body, headers } = more;
    const response = await fetch(new URL(path, url), {
      method,
      headers: {
        ...(key === '' ? {} : { authorization: `Bearer ${key}` }),
        'content-type': 'application/json',
        ...headers,
      },
      ...(body === undefined ? {} : { body }),
    });
    if (response.ok) return response;
    const text = (await response.text()).slice(0, 600);
    throw new Fault('unavailable', `${method} ${path} answered ${response.status}: ${text}`, {
      remedy: 'Look at the log of the cloud.',
    });
  };
  const calls: Calls = {
    get: async <T>(path: string) => (await (await send('GET', path)).json()) as T,
    post: async <T>(path: string, body: object) =>
      (await (await send('POST', path, { body: JSON.stringify(body) })).json()) as T,
    patch: async <T>(path: string, body: object, version: number) => {
      const headers = { 'if-match': `"${version}"` };
      const answer = await send('PATCH', path, { body: JSON.stringify(body), headers });
      return (await answer.json()) as T;
    },
    bytes: async (path) => new Uint8Array(await (await send('GET', path)).arrayBuffer()),
    async upload(path, bytes) {
      const headers = { 'content-type': 'application/octet-stream' };
      await send('POST', path, { body: Buffer.from(bytes), headers });
    },
    async *pages<T>(path: string) {
      const join = path.includes('?') ? '&' : '?';
      for (let cursor = ''; ; ) {
        const page = await calls.get<{ items: T[]; nextCursor?: string | null }>(
          `${path}${join}limit=${pageSize}${cursor}`,
        );
        yield page.items;
        if (page.nextCursor === undefined || page.nextCursor === null) return;
        cursor = `&cursor=${encodeURIComponent(page.nextCursor)}`;
      }
    },
    async all<T>(path: string) {
      const items: T[] = [];
      for await (const page of calls.pages<T>(path)) items.push(...page);
      return items;
    },
    async work<T>(path: string, body: object) {
      let now = await calls.post<Work<T>>(path, body);
      while (now.state === 'queued' || now.state === 'running') {
        await delay(pollMs);
        now = await calls.get<Work<T>>(`/v1/operations/${now.id}`);
      }
      if (now.state === 'done' && now.result !== undefined) return now.result;
      throw new Fault('unavailable', `${path}: ${JSON.stringify(now).slice(0, 600)}`, {
        remedy: 'Look at the log of the cloud.',
      });
    },
  };
  return calls;
}
