/** The OpenAPI 3.1 document, made of the operations themselves. */
import { type FaultCode, faultTable } from '@fieldloop/core';
import { maxIdempotencyKeyLength } from '../limits.ts';
import { OpenAPIHono, z } from './openapi.ts';
import { kindOf, type Operation } from './operation.ts';
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
  for (const operation of operations) {
    const { doc, query, params, body, answer } = operation;
    const headers = headersOf(operation);
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
        ...(headers === undefined ? {} : { headers }),
        ...(body === undefined
          ? {}
          : { body: { required: true, content: { 'application/json': { schema: body } } } }),
      },
      responses: {
        [answer.status]: {
          description: answer.description,
          ...contentOf(answer),
          headers: answerHeaders,
        },
        ...extraStatuses(doc.statuses ?? {}),
        ...conventions(operation),
        ...problems(operationFaults({ doc, params })),
      },
    });
  }
  return getOpenAPI31Document({
    openapi: '3.1.0',
    info: { title: 'Fieldloop', version, description: description.replaceAll('\n', ' ') },
    servers: [{ url: '/' }],
  });
}

const text = (description: string) => ({ description, schema: { type: 'string' as const } });

/** Of every answer. */
const answerHeaders = {
  'X-Request-Id': text('Names this request in logs and audit; send your own, or get one.'),
  'RateLimit-Limit': text('Requests that may come at once.'),
  'RateLimit-Remaining': text('Requests left of these.'),
  'RateLimit-Reset': text('Seconds until all of them are there again.'),
};

function headersOf(operation: Operation) {
  const kind = kindOf(operation);
  if (kind === 'create') {
    const description = 'The same key with the same body within 24 h gets the same answer.';
    return z.object({
      'Idempotency-Key': z
        .string()
        .max(maxIdempotencyKeyLength)
        .optional()
        .openapi({ description }),
    });
  }
  if (kind !== 'change') return undefined;
  const description = 'The ETag of the version that the change is meant for, or *.';
  return z.object({ 'If-Match': z.string().max(32).openapi({ description, example: '"3"' }) });
}

/** Problems that follow from the kind of an operation. */
function conventions(operation: Operation) {
  const kind = kindOf(operation);
  const content = { 'application/problem+json': { schema: problemSchema } };
  const of = (statuses: Readonly<Record<number, string>>) =>
    Object.fromEntries(
      Object.entries(statuses).map(([status, description]) => [status, { description, content }]),
    );
  if (kind === 'create') {
    return of({
      409: 'Fault conflict.',
      413: 'The body is too large.',
      415: 'The body is not JSON.',
      422: 'The Idempotency-Key was used for another request.',
    });
  }
  if (kind === 'read') return {};
  return of({
    409: 'Fault conflict.',
    413: 'The body is too large.',
    415: 'The body is not JSON.',
    ...(kind === 'change'
      ? { 412: 'Somebody else changed it first.', 428: 'There is no If-Match.' }
      : {}),
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

type Shape = Pick<Operation, 'doc' | 'params'>;

/** The faults that an operation may answer with, those that follow from its shape included. */
function operationFaults({ doc, params }: Shape): ReadonlySet<FaultCode> {
  const codes = new Set<FaultCode>([...(doc.faults ?? []), 'internal', 'unavailable', 'limited']);
  if (doc.right !== 'nobody') codes.add('unauthenticated');
  if (doc.right !== 'nobody' && doc.right !== 'any') codes.add('forbidden');
  codes.add('invalid');
  if (params !== undefined) codes.add('not_found');
  return codes;
}

function problems(codes: ReadonlySet<FaultCode>) {
  const content = { 'application/problem+json': { schema: problemSchema } };
  return Object.fromEntries(
    [...codes].map((code) => [faultTable[code].http, { description: `Fault ${code}.`, content }]),
  );
}
