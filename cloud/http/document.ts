/** The OpenAPI 3.1 document, made of the operations themselves. */
import { type FaultCode, faultTable } from '@fieldloop/core';
import { OpenAPIHono } from './openapi.ts';
import type { Operation } from './operation.ts';
import { problemSchema } from './problem.ts';

const description = `Everything Fieldloop knows of a fleet: devices, sessions, clips and why they
were flagged, events, claim tokens and keys. Log times are decimal strings of nanoseconds, wall
times RFC 3339. Lists are pages: pass nextCursor back as cursor. Faults are problem+json with a
remedy.`;

export function openApiDocument(operations: readonly Operation[], version: string): object {
  const { openAPIRegistry: registry, getOpenAPI31Document } = new OpenAPIHono();
  registry.registerComponent('securitySchemes', 'apiKey', {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'flk_<id>_<secret>',
  });
  for (const { doc, query, params, body, answer } of operations) {
    registry.registerPath({
      method: doc.method,
      path: doc.path,
      operationId: doc.id,
      tags: [doc.tag],
      summary: doc.summary,
      ...(doc.description === undefined ? {} : { description: doc.description }),
      ...(doc.right === 'nobody' ? {} : { security: [{ apiKey: [] }] }),
      ...(doc.right === 'nobody' ? {} : { 'x-right': doc.right }),
      request: {
        ...(query === undefined ? {} : { query }),
        ...(params === undefined ? {} : { params }),
        ...(body === undefined
          ? {}
          : { body: { required: true, content: { 'application/json': { schema: body } } } }),
      },
      responses: {
        [answer.status]: {
          description: answer.description,
          ...contentOf(answer),
        },
        ...extraStatuses(doc.statuses ?? {}),
        ...problems(operationFaults({ doc, query, params, body })),
      },
    });
  }
  return getOpenAPI31Document({
    openapi: '3.1.0',
    info: { title: 'Fieldloop', version, description: description.replaceAll('\n', ' ') },
    servers: [{ url: '/' }],
  });
}

function contentOf(answer: Operation['answer']) {
  if (answer.schema !== undefined) {
    return { content: { 'application/json': { schema: answer.schema } } };
  }
  if (answer.bytes === undefined) return {};
  return { content: { [answer.bytes]: { schema: { type: 'string' as const, format: 'binary' } } } };
}

const extraStatuses = (statuses: Readonly<Record<number, string>>) =>
  Object.fromEntries(
    Object.entries(statuses).map(([status, text]) => [status, { description: text }]),
  );

type Shape = Pick<Operation, 'doc' | 'query' | 'params' | 'body'>;

/** The faults that an operation may answer with, those that follow from its shape included. */
function operationFaults({ doc, query, params, body }: Shape): ReadonlySet<FaultCode> {
  const codes = new Set<FaultCode>([...(doc.faults ?? []), 'internal', 'unavailable', 'limited']);
  if (doc.right !== 'nobody') codes.add('unauthenticated');
  if (doc.right !== 'nobody' && doc.right !== 'any') codes.add('forbidden');
  if (query !== undefined || body !== undefined) codes.add('invalid');
  if (params !== undefined) codes.add('not_found');
  return codes;
}

function problems(codes: ReadonlySet<FaultCode>) {
  const content = { 'application/problem+json': { schema: problemSchema } };
  return Object.fromEntries(
    [...codes].map((code) => [faultTable[code].http, { description: `Fault ${code}.`, content }]),
  );
}
