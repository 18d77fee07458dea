/** Requests about clips and exports that break a rule; a part of the table in the docs. */
import type { MalformedCase } from '../http/malformed.cases.ts';

const post = { method: 'POST', headers: { 'content-type': 'application/json' } };
const patch = { ...post, method: 'PATCH' };

export const clipMalformedCases: readonly MalformedCase[] = [
  {
    name: 'a plot of a clip whose bytes are on the robot',
    request: { path: '/v1/clips/ON_DEVICE/plot?path=/odom.x' },
    status: 409,
    code: 'conflict',
  },
  {
    name: 'a plot without a path',
    request: { path: '/v1/clips/STORED/plot' },
    status: 400,
    code: 'invalid',
    pointer: '/query/path',
  },
  {
    name: 'a plot of too many columns',
    request: { path: '/v1/clips/STORED/plot?path=/a.b&px=40000' },
    status: 400,
    code: 'invalid',
    pointer: '/query/px',
  },
  {
    name: 'a range that ends before it starts',
    request: { path: '/v1/clips/STORED/data?startNs=9&endNs=9' },
    status: 400,
    code: 'invalid',
    pointer: '/query/endNs',
  },
  {
    name: 'a file that is no recording',
    request: { path: '/v1/clips/STORED/topics' },
    status: 422,
    code: 'corrupt',
  },
  {
    name: 'a cut of a file that is no recording',
    request: { path: '/v1/clips/STORED/data?topics=/odom' },
    status: 422,
    code: 'corrupt',
  },
  {
    name: 'messages of no topic',
    request: { path: '/v1/clips/STORED/messages' },
    status: 400,
    code: 'invalid',
    pointer: '/query/topic',
  },
  {
    name: 'a preview that is not a number',
    request: { path: '/v1/clips/STORED/previews/first' },
    status: 400,
    code: 'invalid',
    pointer: '/path/n',
  },
  {
    name: 'a preview of a clip whose bytes are on the robot',
    request: { path: '/v1/clips/ON_DEVICE/previews/0' },
    status: 409,
    code: 'conflict',
  },
  {
    name: 'a pull of a clip that is here',
    request: { ...post, path: '/v1/clips/STORED:pull', body: '{}' },
    status: 409,
    code: 'conflict',
  },
  {
    name: 'a bulk verb on nothing',
    request: { ...post, path: '/v1/clips:tag', body: '{"add":["x"]}' },
    status: 400,
    code: 'invalid',
    pointer: '/body/ids',
  },
  {
    name: 'a tag of white space',
    request: { ...post, path: '/v1/clips:tag', body: '{"q":"*","add":[" "]}' },
    status: 400,
    code: 'invalid',
    pointer: '/body/add/0',
  },
  {
    name: 'a label without If-Match',
    request: { ...patch, path: '/v1/clips/STORED', body: '{"label":"x"}' },
    status: 428,
    code: 'invalid',
    pointer: '/header/if-match',
  },
  {
    name: 'a link that nobody signed',
    request: { path: '/v1/signed/Y2xpcA.AAAA/x.mcap', authorization: '' },
    status: 403,
    code: 'forbidden',
    pointer: '/path/token',
  },
  {
    name: 'an export of clips whose bytes are on the robot',
    request: { ...post, path: '/v1/clips:export', body: '{"ids":["ON_DEVICE"]}' },
    status: 409,
    code: 'conflict',
    pointer: '/body',
  },
  {
    name: 'an export in a format that nobody makes',
    request: { ...post, path: '/v1/clips:export', body: '{"q":"*","format":"bag"}' },
    status: 400,
    code: 'invalid',
    pointer: '/body/format',
  },
  {
    name: 'the file of an export that nobody made',
    request: { path: '/v1/exports/exp_nobody/data' },
    status: 404,
    code: 'not_found',
  },
];
