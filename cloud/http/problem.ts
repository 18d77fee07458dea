/** A Fault as the body of an HTTP answer (RFC 9457, `application/problem+json`). */
import { type Fault, type FaultCode, faultTable } from '@fieldloop/core';
import { z } from './openapi.ts';

export const problemSchema = z
  .object({
    type: z.string().openapi({ example: 'https://fieldloop.dev/faults/not_found' }),
    title: z.string().openapi({ description: 'The fault code in words.' }),
    status: z.int(),
    detail: z.string().openapi({ description: 'What is wrong.' }),
    remedy: z.string().optional().openapi({ description: 'What the reader can do about it.' }),
    instance: z.string().openapi({ description: 'Method and path of the request.' }),
    requestId: z.string(),
    errors: z
      .array(
        z.object({
          pointer: z.string(),
          message: z.string(),
          line: z.int().optional().openapi({ description: 'Inside a text, from 1.' }),
          col: z.int().optional().openapi({ description: 'Inside its line, from 1.' }),
          offset: z.int().optional().openapi({ description: 'Inside the text, from 0.' }),
          length: z.int().optional().openapi({ description: 'Of what is wrong.' }),
        }),
      )
      .optional()
      .openapi({ description: 'Each place that is wrong: `/query/limit`, `/body/name`.' }),
    approval: z
      .string()
      .optional()
      .openapi({ description: 'The request that another person must approve first.' }),
  })
  .openapi('Problem');

export type Problem = z.infer<typeof problemSchema>;
export type ProblemError = NonNullable<Problem['errors']>[number];

const titles: Readonly<Record<FaultCode, string>> = {
  invalid: 'The request breaks a rule',
  unauthenticated: 'Who are you?',
  forbidden: 'This key may not do that',
  not_found: 'There is no such thing',
  conflict: 'The state does not allow it',
  corrupt: 'The bytes are not what they claim',
  limited: 'Over a limit',
  unavailable: 'Not available now',
  timeout: 'It took too long',
  cancelled: 'Stopped on request',
  internal: 'A bug in Fieldloop',
};

/** What a fault needs beyond its code to become an answer. */
export interface FaultAnswer {
  /** Instead of the code's usual status, such as 413 for `limited`. */
  readonly status?: number;
  readonly errors?: readonly ProblemError[];
  readonly headers?: Readonly<Record<string, string>>;
  /** The request for approval that must be decided first: the problem has a type of its own. */
  readonly approval?: string;
}

const answers = new WeakMap<Fault, FaultAnswer>();

/** Says how this fault is answered over HTTP; the fault itself stays free of HTTP. */
export function answeredAs(fault: Fault, answer: FaultAnswer): Fault {
  answers.set(fault, answer);
  return fault;
}

export function statusOf(fault: Fault): number {
  return answers.get(fault)?.status ?? faultTable[fault.code].http;
}

/** The answer to a request that ended in `fault`. A bug shows its request id and nothing else. */
export function problemResponse(
  fault: Fault,
  request: { readonly instance: string; readonly requestId: string },
): Response {
  const answer = answers.get(fault);
  const status = statusOf(fault);
  const isBug = fault.code === 'internal';
  const problem: Problem = {
    type: `https://fieldloop.dev/faults/${answer?.approval === undefined ? fault.code : 'approval'}`,
    title: titles[fault.code],
    status,
    detail: isBug ? 'the cloud met a bug while it worked on this request' : fault.message,
    ...(isBug
      ? { remedy: `Report it with the cloud's log of request ${request.requestId}.` }
      : fault.remedy === undefined
        ? {}
        : { remedy: fault.remedy }),
    instance: request.instance,
    requestId: request.requestId,
    ...errorsOf(fault, answer),
    ...(answer?.approval === undefined ? {} : { approval: answer.approval }),
  };
  const headers = new Headers({
    ...answer?.headers,
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
    'x-request-id': request.requestId,
  });
  if (fault.code === 'unauthenticated') headers.set('www-authenticate', 'Bearer');
  if (fault.retryAfterMs !== undefined) {
    headers.set('retry-after', String(Math.ceil(fault.retryAfterMs / 1000)));
  }
  return new Response(JSON.stringify(problem), { status, headers });
}

function errorsOf(fault: Fault, answer: FaultAnswer | undefined): { errors?: ProblemError[] } {
  if (answer?.errors !== undefined) return { errors: [...answer.errors] };
  if (fault.place?.startsWith('/') !== true || fault.code === 'internal') return {};
  return { errors: [{ pointer: fault.place, message: fault.message }] };
}
