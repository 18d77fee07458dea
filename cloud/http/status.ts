/** What the process says of itself and of the caller. */
import { Fault } from '@fieldloop/core';
import { roles } from '../auth/rights.ts';
import type { Metrics } from './metrics.ts';
import { z } from './openapi.ts';
import { type Operation, operation } from './operation.ts';

export interface StatusDeps {
  readonly version: string;
  /** Undefined when ready; else why not. */
  notReady(): Promise<string | undefined>;
  readonly metrics: Pick<Metrics, 'text' | 'contentType'>;
}

const health = z.object({ status: z.literal('ok') }).openapi('Health');
const version = z.object({ name: z.literal('fieldloop'), version: z.string() }).openapi('Version');
const me = z
  .object({
    kind: z.enum(['key', 'person']),
    id: z.string(),
    name: z.string(),
    userId: z.string().optional().openapi({ description: 'The person behind a key.' }),
    role: z.enum(roles).optional(),
    scopes: z.array(z.string()).openapi({ example: ['*:read'] }),
    cohorts: z.array(z.string()).optional(),
  })
  .openapi('Me');

/** Of every process, whatever its role. */
export const processOperations = (deps: StatusDeps): readonly Operation[] => [
  operation(
    {
      id: 'getHealth',
      tag: 'status',
      method: 'get',
      path: '/healthz',
      summary: 'The process runs',
      right: 'nobody',
    },
    { answer: { status: 200, description: 'It runs.', schema: health } },
    () => ({ status: 'ok' as const }),
  ),
  operation(
    {
      id: 'getReadiness',
      tag: 'status',
      method: 'get',
      path: '/readyz',
      summary: 'The process takes work',
      description: 'Not while it starts, stops, or cannot reach its database.',
      right: 'nobody',
    },
    { answer: { status: 200, description: 'It takes work.', schema: health } },
    async () => {
      const why = await deps.notReady();
      if (why === undefined) return { status: 'ok' as const };
      throw new Fault('unavailable', why, { remedy: 'Try again soon.', retryAfterMs: 1000 });
    },
  ),
  operation(
    {
      id: 'getMetrics',
      tag: 'status',
      method: 'get',
      path: '/metrics',
      summary: 'Figures of this process, for Prometheus',
      description: 'Needs a key like everything else: Prometheus sends it by `authorization`.',
      right: 'any',
    },
    { answer: { status: 200, description: 'The text form of Prometheus.', bytes: 'text/plain' } },
    async () => {
      const headers = { 'content-type': deps.metrics.contentType, 'cache-control': 'no-store' };
      return new Response(await deps.metrics.text(), { headers });
    },
  ),
];

export const statusOperations = (deps: StatusDeps): readonly Operation[] => [
  ...processOperations(deps),
  operation(
    {
      id: 'getVersion',
      tag: 'status',
      method: 'get',
      path: '/v1/version',
      summary: 'The version of this cloud',
      right: 'nobody',
    },
    { answer: { status: 200, description: 'The version.', schema: version } },
    () => ({ name: 'fieldloop' as const, version: deps.version }),
  ),
  operation(
    {
      id: 'getMe',
      tag: 'status',
      method: 'get',
      path: '/v1/me',
      withinCohorts: true,
      summary: 'Who asks, and what they may do',
      right: 'any',
    },
    { answer: { status: 200, description: 'The caller.', schema: me } },
    ({ caller }) => {
      if (caller === undefined) throw new TypeError('an operation for callers ran without one');
      const { kind, id, name, userId, role, scopes, cohorts } = caller;
      return {
        kind,
        id,
        name,
        scopes: [...scopes],
        ...(userId === undefined ? {} : { userId }),
        ...(role === undefined ? {} : { role }),
        ...(cohorts === undefined ? {} : { cohorts: [...cohorts] }),
      };
    },
  ),
];
