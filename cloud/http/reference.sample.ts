/** What docs/reference/api.md says before its tables: figures come from the limits themselves. */
import { type FaultCode, faultTable } from '@fieldloop/core';
import {
  callerRate,
  idempotencyMs,
  maxBodyBytes,
  maxBulkItems,
  maxPageRows,
  maxQueryDepth,
  maxQueryLength,
  maxQueryTerms,
  maxStreamBytes,
  strangerRate,
  streamBeatMs,
  streamReplayMs,
} from '../limits.ts';

const hours = (ms: number): string => `${ms / 3_600_000} h`;
const mib = (bytes: number): string => `${bytes / 1024 / 1024} MiB`;

const meanings: Readonly<Record<FaultCode, string>> = {
  invalid: 'The request breaks a rule; `errors` names each place. 428: no If-Match.',
  unauthenticated: 'No key, or one that is not valid.',
  forbidden: 'The key may not do that.',
  not_found: 'There is no such thing.',
  conflict:
    'The state does not allow it; 412: the version moved; 422: an Idempotency-Key of another body.',
  corrupt: 'Bytes are not what they claim.',
  limited: 'Over a rate or a size (413).',
  unavailable: 'A dependency does not answer; try again.',
  timeout: 'It took too long; try again.',
  cancelled: 'Stopped on request.',
  internal: 'A bug; report it with the request id.',
};

const faults = Object.entries(faultTable)
  .map(([code, { http, exit, retry }]) => {
    const meaning = meanings[code as FaultCode];
    return `| \`${code}\` | ${http} | ${exit} | ${retry ? 'yes' : 'no'} | ${meaning} |\n`;
  })
  .join('');

export const conventions = `# The API

Made by a test of \`cloud/http\` from the OpenAPI document that the cloud serves at
\`/openapi.json\`; do not edit. The document has every field; this page has the conventions and
one line an operation. [The command line](../operating/cli.md) uses this API and nothing else.

## Conventions

**Who asks.** \`Authorization: Bearer flk_…\`, or the session cookie of a browser with
\`X-CSRF-Token\` on changes. The right of an operation is \`noun:level\`; a level includes those
below it: read < write < approve < admin. Roles: viewer \`*:read\`, engineer \`*:write\`,
release_manager \`*:approve\`, admin \`*:admin\`; annotator works on its own tasks. A key may be
bound to cohorts: then it sees their devices alone.

**Names and ids.** Ids are a prefix and a ULID (\`clp_01J…\`); a path takes the id, or the unique
name where there is one. JSON is camelCase, values of enums snake_case. Integers that can exceed
2^53 are strings.

**Time.** Log time is decimal nanoseconds in a string (\`startNs\`). Wall time is RFC 3339 in UTC
with milliseconds. A duration says its unit in its name (\`expiresInS\`). Queries of lists also take
\`since\` and \`until\`: RFC 3339, \`now\`, or an age such as \`-90m\`.

**Lists** answer \`{items, nextCursor}\`: at most ${maxPageRows} rows (\`limit\`, 50 unless said).
Send \`nextCursor\` back as \`cursor\` with the same parameters; a cursor stands behind a row, so rows
that come meanwhile are neither missed nor doubled. \`q\` narrows in
[the query language](q.md), ${maxQueryLength} characters, ${maxQueryTerms} terms and
${maxQueryDepth} levels at most; \`saved\` takes a saved query; \`sort\` a field, \`-field\`
descending; \`fields\` the members wanted; \`count\` is \`estimate\` or \`exact\`.

**Create** is POST and answers 201. \`Idempotency-Key\` (any text of yours) makes it safe to repeat:
for ${hours(idempotencyMs)} the same key with the same body gets the same answer, with another body
422. What shows a secret once refuses the repeat with 409 instead.

**Change** is PATCH, PUT or DELETE. Reads have an \`ETag\`; a change names it in \`If-Match\` (428
without, 412 when somebody else was faster; \`*\` takes whatever is there). Reads take
\`If-None-Match\` and answer 304.

**Verbs** are \`POST /v1/nouns/{id}:verb\`. **Bulk** is \`POST /v1/nouns:verb\` with
\`{ids | q, dryRun}\` and answers \`{results: [{id, ok, problem}], matched, changed, dryRun}\`: one
result an item, none of which stops the others. More than ${maxBulkItems} items become an operation.

**Operations.** Long work answers 202 and an Operation; \`GET /v1/operations/{id}\` tells state,
progress and result, \`:cancel\` stops it.

**Stream.** \`GET /v1/stream?topics=clips,alerts&q=…\` (server-sent events): the id is the number of
the event, the data \`{seq, kind, subject, at, body}\`. \`Last-Event-ID\` goes on behind an event of
the last ${hours(streamReplayMs)}; \`reset\` says that some are missing. A comment comes every
${streamBeatMs / 1000} s; a client that lets ${mib(maxStreamBytes)} wait is cut off. The kinds
are in [webhooks](webhooks.md).

**Bytes** take \`Range\` with \`If-Range\`; the ETag is the SHA-256 of the file.

**Limits.** A body has at most ${mib(maxBodyBytes)}. A key may ask ${callerRate.perSecond} times a
second, ${callerRate.burst} at once; an address without a key ${strangerRate.perSecond} and
${strangerRate.burst}. \`RateLimit-Limit\`, \`-Remaining\` and \`-Reset\` tell; 429 comes with
\`Retry-After\`.

**Request ids.** \`X-Request-Id\` goes in and comes out, and stands in logs and audit.

**Faults** are \`application/problem+json\` (RFC 9457): \`type\`
(\`https://fieldloop.dev/faults/<code>\`), \`title\`, \`status\`, \`detail\` (what is wrong),
\`remedy\` (what to do), \`instance\`, \`requestId\`, and \`errors\`
\`[{pointer, message, line, col, offset, length}]\`: \`/query/limit\`, \`/body/name\`; line and
column inside a text such as \`q\` or the YAML of rules. A 409 of type \`…/faults/approval\` names
in \`approval\` the request that a second person must approve.

| code | HTTP | exit of the command line | try again | means |
|---|---|---|---|---|
${faults}
`;
