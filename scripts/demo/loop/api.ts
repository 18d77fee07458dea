/** The public API as one person or program uses it: a key, JSON, and faults as they come. */
import { setTimeout as delay } from 'node:timers/promises';
import { Fault } from '@fieldloop/core';

export interface Api {
  get<T>(path: string): Promise<T>;
  post<T>(path: string, body?: object): Promise<T>;
  patch<T>(path: string, body: object, version: number): Promise<T>;
  /** Bytes as they are. */
  bytes(path: string): Promise<Uint8Array>;
  upload(path: string, bytes: Uint8Array): Promise<void>;
  /** Every item of a list, page by page. */
  all<T>(path: string): Promise<T[]>;
}

export function openApi(url: string, key?: string): Api {
  const call = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const headers = new Headers(init.headers);
    if (key !== undefined) headers.set('authorization', `Bearer ${key}`);
    const response = await fetch(new URL(path, url), { ...init, headers });
    if (response.ok) return response;
    const problem = await response.text();
    const code = response.status === 409 ? 'conflict' : 'unavailable';
    throw new Fault(code, `${path} answered ${response.status}: ${problem.slice(0, 600)}`, {
      remedy: 'Look at the log of the cloud.',
    });
  };
  const json = async <T>(method: string, path: string, body: object, more = {}): Promise<T> => {
    const headers = { 'content-type': 'application/json', ...more };
    return (await (await call(path, { method, headers, body: JSON.stringify(body) })).json()) as T;
  };
  const get = async <T>(path: string): Promise<T> => (await (await call(path)).json()) as T;
  return {
    get,
    post: async (path, body = {}) => await json('POST', path, body),
    patch: async (path, body, version) =>
      await json('PATCH', path, body, { 'if-match': `"${version}"` }),
    bytes: async (path) => new Uint8Array(await (await call(path)).arrayBuffer()),
    async upload(path, bytes) {
      const headers = { 'content-type': 'application/octet-stream' };
      await call(path, { method: 'POST', headers, body: Buffer.from(bytes) });
    },
    async all<T>(path: string) {
      const items: T[] = [];
      const mark = path.includes('?') ? '&' : '?';
      for (let cursor = ''; ; ) {
        const page = await get<{ items: T[]; nextCursor?: string | null }>(
          `${path}${mark}limit=200${cursor}`,
        );
        items.push(...page.items);
        if (page.nextCursor === undefined || page.nextCursor === null) return items;
        cursor = `&cursor=${encodeURIComponent(page.nextCursor)}`;
      }
    },
  };
}

export interface Waiting {
  readonly signal: AbortSignal;
  readonly withinMs: number;
  readonly everyMs?: number;
}

/** Looks until there is something. Fault `timeout` names what never came. */
export async function until<T>(
  what: string,
  { signal, withinMs, everyMs = 500 }: Waiting,
  look: () => Promise<T | undefined>,
): Promise<T> {
  const end = performance.now() + withinMs;
  for (;;) {
    signal.throwIfAborted();
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > end) {
      throw new Fault('timeout', `${what} did not come in ${Math.round(withinMs / 1000)} s`, {
        remedy: 'The logs are in .fieldloop/demo; fieldloop runs list shows who waits for what.',
      });
    }
    await delay(everyMs, undefined, { signal });
  }
}
