/**
 * Goal: whatever a client sends, it gets a problem with a place and a remedy, and the API lives on.
 * Method: each case over a real socket; afterwards the API still answers; the table goes to docs.
 */
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { clipMalformedCases } from '../clip/malformed.cases.ts';
import { type MalformedCase, malformedCases } from './malformed.cases.ts';
import type { Problem } from './problem.ts';
import { type ApiWorld, openApiWorld } from './world.sample.ts';

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly problem: Problem;
}

test('each malformed request is answered with its fault, its place and a remedy', async () => {
  await using world = await openApiWorld();
  const stored = await world.putClip(1, { bytes: new Uint8Array(4096) });
  await world.putClip(2);
  const clips = (await (await world.get('/v1/clips')).json()) as {
    items: { id: string; sha256: string }[];
  };
  const words: Record<string, string> = {
    KEYS: await world.makeKey(['apiKeys:admin']),
    KEY: world.key,
    READ: await world.makeKey(['*:read']),
    STORED: clips.items.find((clip) => clip.sha256 === stored.sha256)?.id ?? '',
    ON_DEVICE: clips.items.find((clip) => clip.sha256 !== stored.sha256)?.id ?? '',
  };
  const rows: string[] = [];
  for (const one of [...malformedCases, ...clipMalformedCases]) {
    const answer = await send(world, one, (text) =>
      text.replaceAll(/\b(KEYS|KEY|READ|STORED|ON_DEVICE)\b/g, (word) => words[word] ?? word),
    );
    expect(answer.status, one.name).toBe(one.status);
    expect(answer.type, one.name).toBe('application/problem+json');
    expect(answer.problem, one.name).toMatchObject({
      type: `https://fieldloop.dev/faults/${one.code}`,
      status: one.status,
      detail: expect.stringMatching(/./),
      remedy: expect.stringMatching(/\.$/),
      requestId: expect.stringMatching(/^req_/),
    });
    const pointers = answer.problem.errors?.map((error) => error.pointer) ?? [];
    expect(pointers, one.name).toEqual(
      expect.arrayContaining(one.pointer === undefined ? [] : [one.pointer]),
    );
    rows.push(row(one, answer.problem, words));
    expect((await fetch(`${world.url}/healthz`)).status, `after ${one.name}`).toBe(200);
  }
  const head =
    '# Bad input: cloud\n\nRequests to the API that break a rule, and the answer to each. Made by a test of\n`cloud/http`; do not edit.\n\n| input | status, code | message and place | remedy |\n|---|---|---|---|\n';
  await expect(`${head}${rows.join('\n')}\n`).toMatchFileSnapshot(
    '../../docs/reference/bad-input/cloud.md',
  );
});

function row(one: MalformedCase, problem: Problem, words: Record<string, string>): string {
  const place = problem.errors?.[0]?.pointer;
  const cells = [
    one.name,
    `${problem.status} ${one.code}`,
    `${problem.detail}${place === undefined ? '' : ` (\`${place}\`)`}`,
    problem.remedy ?? '',
  ];
  const stable = cells.map((cell) =>
    Object.entries(words).reduce((text, [word, value]) => text.replaceAll(value, word), cell),
  );
  return `| ${stable.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

async function send(
  world: ApiWorld,
  { request }: MalformedCase,
  fill: (text: string) => string,
): Promise<Answer> {
  if (request.raw !== undefined) return await sendRaw(world.url, request.raw);
  const authorization = request.authorization ?? 'Bearer KEY';
  const response = await fetch(`${world.url}${fill(request.path ?? '/')}`, {
    method: request.method ?? 'GET',
    headers: {
      ...request.headers,
      ...(authorization === '' ? {} : { authorization: fill(authorization) }),
    },
    ...(request.body === undefined ? {} : { body: bodyOf(request.body, fill) }),
  });
  const type = response.headers.get('content-type') ?? '';
  return { status: response.status, type, problem: (await response.json()) as Problem };
}

/** Texts have their words filled in; fetch takes bytes as well, whatever its type says. */
const bodyOf = (body: string | Uint8Array, fill: (text: string) => string): string =>
  typeof body === 'string' ? fill(body) : (body as unknown as string);

async function sendRaw(url: string, raw: string): Promise<Answer> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.end(Buffer.from(raw, 'latin1'));
  let text = '';
  for await (const part of socket.setEncoding('utf8')) text += part as string;
  const [head = '', body = ''] = text.split('\r\n\r\n');
  return {
    status: Number(head.split(' ')[1]),
    type: /^content-type: (.*)$/im.exec(head)?.[1] ?? '',
    problem: JSON.parse(body) as Problem,
  };
}
