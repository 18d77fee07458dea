/** What a trainer is told, as it is typed. */
import { readFile } from 'node:fs/promises';
import type { Client } from './client.ts';
import { parseYaml } from './yaml.ts';

/** A file, or JSON or YAML as it stands. */
export async function configOf(
  text: string | undefined,
): Promise<Record<string, unknown> | undefined> {
  if (text === undefined) return undefined;
  const isText = /^\s*\{/.test(text);
  const content = isText ? text : await readFile(text, 'utf8');
  return parseYaml(content, isText ? '--config' : text) as Record<string, unknown>;
}

/** A create whose answer is the entity. */
export async function postTo<T>(client: Client, path: string, body: object): Promise<T> {
  const headers = { 'content-type': 'application/json' };
  const response = await client.send(path, { method: 'POST', headers, body: JSON.stringify(body) });
  return (await response.json()) as T;
}
