/** Requests that break a rule, and what each is answered: the source of a table in the docs. */
export interface MalformedCase {
  readonly name: string;
  readonly request: {
    readonly method?: string;
    readonly path?: string;
    /** `KEY` stands for a key with every right, `READ` for one that may only read. */
    readonly authorization?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string | Uint8Array;
    /** Bytes on the wire instead of all the above. */
    readonly raw?: string;
  };
  readonly status: number;
  readonly code: string;
  /** The place that the answer names. */
  readonly pointer?: string;
}

const json = { 'content-type': 'application/json' };
const post = { method: 'POST', headers: json };

const keyHead = 'POST /v1/apiKeys HTTP/1.1\r\nHost: x\r\n';

export const malformedCases: readonly MalformedCase[] = [
  {
    name: 'no key',
    request: { path: '/v1/clips', authorization: '' },
    status: 401,
    code: 'unauthenticated',
    pointer: '/header/authorization',
  },
  {
    name: 'another kind of authorization',
    request: { path: '/v1/clips', authorization: 'Basic YTpi' },
    status: 401,
    code: 'unauthenticated',
  },
  {
    name: 'half a key',
    request: { path: '/v1/clips', authorization: 'Bearer flk_01JC' },
    status: 401,
    code: 'unauthenticated',
  },
  {
    name: 'a key that nobody made',
    request: {
      path: '/v1/clips',
      authorization: `Bearer flk_01JC0000000000000000000000_${'A'.repeat(43)}`,
    },
    status: 401,
    code: 'unauthenticated',
  },
  {
    name: 'a key that may only read',
    request: { ...post, path: '/v1/claimTokens', authorization: 'Bearer READ', body: '{}' },
    status: 403,
    code: 'forbidden',
  },
  {
    name: 'a key with more rights than its maker',
    request: {
      ...post,
      path: '/v1/apiKeys',
      authorization: 'Bearer KEYS',
      body: '{"name":"x","scopes":["*:write"]}',
    },
    status: 403,
    code: 'forbidden',
    pointer: '/body/scopes',
  },
  {
    name: 'a path that does not exist',
    request: { path: '/v1/clip' },
    status: 404,
    code: 'not_found',
  },
  {
    name: 'a method that the path does not have',
    request: { method: 'DELETE', path: '/v1/clips' },
    status: 405,
    code: 'invalid',
    pointer: '/method',
  },
  {
    name: 'a clip that does not exist',
    request: { path: '/v1/clips/clp_nobody' },
    status: 404,
    code: 'not_found',
  },
  {
    name: 'a device that does not exist',
    request: { path: '/v1/clips?device=amr-99' },
    status: 404,
    code: 'not_found',
  },
  {
    name: 'a path with a broken escape',
    request: { path: '/v1/clips/%E0%A4%A' },
    status: 404,
    code: 'not_found',
  },
  {
    name: 'a parameter with a slip of the pen',
    request: { path: '/v1/clips?devcie=amr-01' },
    status: 400,
    code: 'invalid',
    pointer: '/query/devcie',
  },
  {
    name: 'a parameter given twice',
    request: { path: '/v1/clips?limit=1&limit=2' },
    status: 400,
    code: 'invalid',
    pointer: '/query/limit',
  },
  {
    name: 'a condition given too often',
    request: { path: `/v1/clips?${'tag=a&'.repeat(9)}` },
    status: 400,
    code: 'invalid',
    pointer: '/query/tag',
  },
  {
    name: 'a limit that is no number',
    request: { path: '/v1/clips?limit=many' },
    status: 400,
    code: 'invalid',
    pointer: '/query/limit',
  },
  {
    name: 'a limit of 0',
    request: { path: '/v1/clips?limit=0' },
    status: 400,
    code: 'invalid',
    pointer: '/query/limit',
  },
  {
    name: 'a limit of 501',
    request: { path: '/v1/clips?limit=501' },
    status: 400,
    code: 'invalid',
    pointer: '/query/limit',
  },
  {
    name: 'a severity that does not exist',
    request: { path: '/v1/clips?severity=fatal' },
    status: 400,
    code: 'invalid',
    pointer: '/query/severity',
  },
  {
    name: 'a score without a comparison',
    request: { path: '/v1/clips?score=classifier.entropy' },
    status: 400,
    code: 'invalid',
    pointer: '/query/score',
  },
  {
    name: 'a score compared to a word',
    request: { path: '/v1/clips?score=classifier.entropy%3Ehigh' },
    status: 400,
    code: 'invalid',
    pointer: '/query/score',
  },
  {
    name: 'a log time with a sign',
    request: { path: '/v1/clips?startNs=-5' },
    status: 400,
    code: 'invalid',
    pointer: '/query/startNs',
  },
  {
    name: 'a log time past 63 bits',
    request: { path: '/v1/clips?startNs=9999999999999999999' },
    status: 400,
    code: 'invalid',
    pointer: '/query/startNs',
  },
  {
    name: 'a wall time in words',
    request: { path: '/v1/clips?since=yesterday' },
    status: 400,
    code: 'invalid',
    pointer: '/query/since',
  },
  {
    name: 'a wall time after the last log time',
    request: { path: '/v1/clips?until=9999-12-31' },
    status: 400,
    code: 'invalid',
    pointer: '/query/until',
  },
  {
    name: 'a wall time and a log time at once',
    request: { path: '/v1/clips?since=-1h&startNs=5' },
    status: 400,
    code: 'invalid',
    pointer: '/query/since',
  },
  {
    name: 'a cursor that nobody gave',
    request: { path: '/v1/clips?cursor=abc' },
    status: 400,
    code: 'invalid',
    pointer: '/query/cursor',
  },
  {
    name: 'a cursor of 2,000 letters',
    request: { path: `/v1/clips?cursor=${'a'.repeat(2000)}` },
    status: 400,
    code: 'invalid',
    pointer: '/query/cursor',
  },
  {
    name: 'SQL in a filter',
    request: { path: "/v1/clips?device=x'%20or%201=1--" },
    status: 404,
    code: 'not_found',
  },
  {
    name: 'a range that lies outside the file',
    request: { path: '/v1/clips/STORED/data', headers: { range: 'bytes=4096-' } },
    status: 416,
    code: 'invalid',
    pointer: '/header/range',
  },
  {
    name: 'a range that ends before it begins',
    request: { path: '/v1/clips/STORED/data', headers: { range: 'bytes=9-3' } },
    status: 416,
    code: 'invalid',
  },
  {
    name: 'a range without numbers',
    request: { path: '/v1/clips/STORED/data', headers: { range: 'bytes=-' } },
    status: 416,
    code: 'invalid',
  },
  {
    name: 'several ranges',
    request: { path: '/v1/clips/STORED/data', headers: { range: 'bytes=0-1,4-5' } },
    status: 416,
    code: 'invalid',
  },
  {
    name: 'the bytes of a clip that is still on the robot',
    request: { path: '/v1/clips/ON_DEVICE/data' },
    status: 409,
    code: 'conflict',
  },
  {
    name: 'a body that is not JSON',
    request: { ...post, path: '/v1/claimTokens', body: '{"device":' },
    status: 400,
    code: 'invalid',
    pointer: '/body',
  },
  {
    name: 'a body of another kind',
    request: {
      method: 'POST',
      path: '/v1/claimTokens',
      headers: { 'content-type': 'text/plain' },
      body: 'hello',
    },
    status: 415,
    code: 'invalid',
    pointer: '/header/content-type',
  },
  {
    name: 'a body that is not UTF-8',
    request: { ...post, path: '/v1/claimTokens', body: new Uint8Array([0x7b, 0xff, 0x7d]) },
    status: 400,
    code: 'invalid',
    pointer: '/body',
  },
  {
    name: 'a body that is an array',
    request: { ...post, path: '/v1/claimTokens', body: '[]' },
    status: 400,
    code: 'invalid',
    pointer: '/body',
  },
  {
    name: 'an unknown member',
    request: { ...post, path: '/v1/claimTokens', body: '{"devise":"amr-03"}' },
    status: 400,
    code: 'invalid',
    pointer: '/body/devise',
  },
  {
    name: 'a device name with capitals',
    request: { ...post, path: '/v1/claimTokens', body: '{"device":"AMR 03"}' },
    status: 400,
    code: 'invalid',
    pointer: '/body/device',
  },
  {
    name: 'a token for longer than a day',
    request: { ...post, path: '/v1/claimTokens', body: '{"expiresInS":90000}' },
    status: 400,
    code: 'invalid',
    pointer: '/body/expiresInS',
  },
  {
    name: 'a scope that does not exist',
    request: { ...post, path: '/v1/apiKeys', body: '{"name":"x","scopes":["clips:eat"]}' },
    status: 400,
    code: 'invalid',
    pointer: '/body/scopes/0',
  },
  {
    name: 'a text with the character U+0000',
    request: { ...post, path: '/v1/apiKeys', body: '{"name":"a\\u0000b"}' },
    status: 400,
    code: 'invalid',
    pointer: '/body/name',
  },
  {
    name: 'a query with the character U+0000',
    request: { path: '/v1/clips?rule=a%00b' },
    status: 400,
    code: 'invalid',
    pointer: '/query/rule',
  },
  {
    name: 'a body deeper than sense',
    request: {
      ...post,
      path: '/v1/apiKeys',
      body: `{"name":${'['.repeat(5000)}${']'.repeat(5000)}}`,
    },
    status: 400,
    code: 'invalid',
    pointer: '/body/name',
  },
  {
    name: 'a body that would change prototypes',
    request: { ...post, path: '/v1/apiKeys', body: '{"name":"x","__proto__":{"scopes":[]}}' },
    status: 400,
    code: 'invalid',
    pointer: '/body/__proto__',
  },
  {
    name: 'a body over 1 MiB',
    request: { ...post, path: '/v1/apiKeys', body: `{"name":"${'x'.repeat(1024 * 1024)}"}` },
    status: 413,
    code: 'limited',
    pointer: '/body',
  },
  {
    name: 'a head over 16 KiB',
    request: { path: '/v1/clips', headers: { 'x-long': 'x'.repeat(17_000) } },
    status: 431,
    code: 'limited',
  },
  {
    name: 'no HTTP at all',
    request: { raw: '\u0010\u000c\u0000\u0004MQTT\r\n\r\n' },
    status: 400,
    code: 'invalid',
  },
  {
    name: 'TLS to the plain port',
    request: { raw: '\u0016\u0003\u0001\u0002\u0000\u0001\r\n\r\n' },
    status: 400,
    code: 'invalid',
  },
  {
    name: 'no Host',
    request: { raw: 'GET /v1/version HTTP/1.1\r\n\r\n' },
    status: 400,
    code: 'invalid',
  },
  {
    name: 'a Host that is none',
    request: { raw: 'GET /v1/version HTTP/1.1\r\nHost: a b\r\n\r\n' },
    status: 400,
    code: 'invalid',
  },
  {
    name: 'a target that is no path',
    request: { raw: 'GET foo HTTP/1.1\r\nHost: x\r\n\r\n' },
    status: 400,
    code: 'invalid',
  },
  {
    name: 'two lengths',
    request: { raw: `${keyHead}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc` },
    status: 400,
    code: 'invalid',
  },
  {
    name: 'a length and chunks',
    request: { raw: `${keyHead}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc` },
    status: 400,
    code: 'invalid',
  },
];
