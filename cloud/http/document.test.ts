/**
 * Goal: the OpenAPI document is whole: whoever reads it alone can use every operation.
 * Method: fetch it, walk it, and compare it with the operations that the server really has.
 */
import { expect, test } from 'vitest';
import { openApiWorld } from './world.sample.ts';

interface Described {
  readonly operationId?: string;
  readonly summary?: string;
  readonly tags?: readonly string[];
  readonly security?: readonly object[];
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
    readonly schema: { readonly type?: string | readonly string[]; readonly enum?: unknown };
  }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, unknown>> };
  readonly responses: Readonly<Record<string, { readonly content?: Record<string, unknown> }>>;
}

interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
}

test('every operation has an id, a summary, its parameters and its problems', async () => {
  await using world = await openApiWorld();
  const document = (await (await fetch(`${world.url}/openapi.json`)).json()) as Document;
  expect(document.openapi).toBe('3.1.0');
  const walked = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => ({ path, method, described })),
  );
  expect(walked).toHaveLength(world.api.operations.length);
  const ids = walked.map(({ described }) => described.operationId);
  expect(new Set(ids)).toEqual(new Set(world.api.operations.map(({ doc }) => doc.id)));
  expect(new Set(ids).size).toBe(ids.length);
  for (const { path, described } of walked) {
    const id = described.operationId ?? path;
    expect(described.summary, id).toMatch(/^[A-Z]/);
    expect(described.tags, id).toHaveLength(1);
    for (const [, name] of path.matchAll(/\{(\w+)\}/g)) {
      const parameter = described.parameters?.find((one) => one.name === name);
      expect(parameter, id).toMatchObject({ in: 'path', required: true });
    }
    for (const { name, schema } of described.parameters ?? []) {
      expect(schema.type ?? schema.enum, `${id} ${name}`).toBeDefined();
      expect(schema.type, `${id} ${name}`).not.toContain('null');
    }
    const problems = Object.entries(described.responses).filter(
      ([status]) => Number(status) >= 400,
    );
    expect(problems.length, id).toBeGreaterThan(0);
    const open = described.security === undefined;
    expect(open || Object.keys(described.responses).includes('401'), id).toBe(true);
  }
});

test('every reference inside the document leads somewhere', async () => {
  await using world = await openApiWorld();
  const text = await (await fetch(`${world.url}/openapi.json`)).text();
  const document = JSON.parse(text) as Document;
  const names = [...text.matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(
    (match) => match[1] ?? '',
  );
  expect(new Set(names)).toContain('Problem');
  for (const name of names) expect(document.components.schemas, name).toHaveProperty(name);
});

test('the document says what a limit and a time look like', async () => {
  await using world = await openApiWorld();
  const document = (await (await fetch(`${world.url}/openapi.json`)).json()) as Document;
  const parameters = document.paths['/v1/clips']?.['get']?.parameters ?? [];
  const schemaOf = (name: string) => parameters.find((one) => one.name === name)?.schema;
  expect(schemaOf('limit')).toMatchObject({
    type: 'integer',
    minimum: 1,
    maximum: 500,
    default: 50,
  });
  expect(schemaOf('startNs')).toMatchObject({ type: 'string' });
  expect(schemaOf('score')).toMatchObject({ type: 'array', items: { type: 'string' } });
});
