/** People of a cloud with their own accounts, over its public API. */
import { Fault } from '@fieldloop/core';
import type { CloudProcess } from './cloud-process.ts';

export interface Caller {
  get<T>(path: string): Promise<T>;
  /** Fault `conflict` with what the cloud answered when it refuses. */
  post<T>(path: string, body?: object): Promise<T>;
  upload(path: string, bytes: Uint8Array): Promise<void>;
}

export function callAs({ urls }: Pick<CloudProcess, 'urls'>, key?: string): Caller {
  const authorization = key === undefined ? {} : { authorization: `Bearer ${key}` };
  const call = async (path: string, init: RequestInit): Promise<Response> => {
    const response = await fetch(new URL(path, urls.http), init);
    if (response.ok) return response;
    throw new Fault('conflict', `${path} answered ${response.status}: ${await response.text()}`);
  };
  const post = async (path: string, body: string | Uint8Array<ArrayBuffer>, type: string) =>
    await call(path, {
      method: 'POST',
      headers: { ...authorization, 'content-type': type },
      body,
    });
  return {
    get: async <T>(path: string) =>
      (await (await call(path, { headers: authorization })).json()) as T,
    post: async <T>(path: string, body: object = {}) =>
      (await (await post(path, JSON.stringify(body), 'application/json')).json()) as T,
    upload: async (path, bytes) =>
      void (await post(path, new Uint8Array(bytes), 'application/octet-stream')),
  };
}

/** An account with a password of its own, logged in. */
export async function hire(
  cloud: Pick<CloudProcess, 'urls' | 'key'>,
  { name, role }: { readonly name: string; readonly role: string },
): Promise<Caller> {
  const email = `${name}@example.com`;
  const password = 'four words nobody guesses';
  const { link } = await callAs(cloud, cloud.key).post<{
    readonly link: { readonly token: string };
  }>('/v1/users', { email, name, role });
  const nobody = callAs(cloud);
  await nobody.post('/v1/links:redeem', { token: link.token, password });
  const login = { email, password, kind: 'token', name: 'e2e' };
  const { key } = await nobody.post<{ readonly key: string }>('/v1/login', login);
  return callAs(cloud, key);
}
