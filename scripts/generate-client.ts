/**
 * Makes the types of the client, `cli/generated/api.d.ts`, of the OpenAPI document that the cloud
 * really serves. The generator runs apart: it needs TypeScript 5.
 *
 *   node scripts/generate-client.ts
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openApiWorld } from '@fieldloop/cloud/sample';

const root = join(import.meta.dirname, '..');
const generator = join(root, 'cli/generate/node_modules/openapi-typescript/bin/cli.js');
const header = '// Generated from /openapi.json by scripts/generate-client.ts; do not edit.\n';

export const clientTypesPath = join(root, 'cli/generated/api.d.ts');

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
}

interface Described {
  readonly responses: Readonly<Record<string, { readonly headers?: unknown }>>;
}

/** The client throws every fault and types no header; without them the types are half as long. */
function withoutFaults(document: Document): Document {
  const answers = ({ responses, ...rest }: Described): Described => ({
    ...rest,
    responses: Object.fromEntries(
      Object.entries(responses)
        .filter(([status]) => Number(status) < 400)
        .map(([status, { headers: _headers, ...answer }]) => [status, answer]),
    ),
  });
  const paths = Object.entries(document.paths).map(([path, methods]) => [
    path,
    Object.fromEntries(Object.entries(methods).map(([name, one]) => [name, answers(one)])),
  ]);
  return { ...document, paths: Object.fromEntries(paths) as Document['paths'] };
}

export async function clientTypes(): Promise<string> {
  await using world = await openApiWorld();
  const document = (await (await fetch(`${world.url}/openapi.json`)).json()) as Document;
  const folder = await mkdtemp(join(tmpdir(), 'fieldloop-client-'));
  try {
    const source = join(folder, 'openapi.json');
    const target = join(folder, 'api.d.ts');
    await writeFile(source, JSON.stringify(withoutFaults(document)));
    await promisify(execFile)(process.execPath, [generator, source, '--output', target]);
    return `${header}${await readFile(target, 'utf8')}`;
  } finally {
    await rm(folder, { recursive: true });
  }
}

if (process.argv[1] === import.meta.filename) {
  await writeFile(clientTypesPath, await clientTypes());
}
