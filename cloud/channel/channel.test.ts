/**
 * Goal: people are told by mail, Slack and webhook in plain words, and no secret ever comes back.
 * Method: a real SMTP server with STARTTLS and logins, real HTTP receivers, all on 127.0.0.1.
 */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@fieldloop/core/system';
import { SMTPServer } from 'smtp-server';
import { expect, test } from 'vitest';
import { openCa } from '../auth/ca.ts';
import type { Problem } from '../http/problem.ts';
import { openApiWorld } from '../http/world.sample.ts';
import type { Notification } from '../outgoing/notification.ts';
import { sendDeps } from '../outgoing/options.ts';
import { isSignedBy } from '../outgoing/sign.ts';
import { openReceiver } from '../outgoing/worker.sample.ts';
import type { Channel, ChannelConfig, ChannelSecret } from './channel.ts';
import type { ChannelJson } from './json.ts';
import type { ChannelPage } from './routes.ts';
import { tell } from './send.ts';

const json = async <T>(response: Response | Promise<Response>): Promise<T> => {
  const settled = await response;
  if (!settled.ok) throw new Error(`${settled.status} ${await settled.text()}`);
  return (await settled.json()) as T;
};
const any = { 'if-match': '*' };

const notification: Notification = {
  reason: 'firing',
  at: '2026-01-31T12:00:00.000Z',
  severity: 'critical',
  policy: { id: 'pol_1', name: 'low-disk' },
  condition: 'disk.free less than 5',
  alerts: [
    {
      id: 'alr_1',
      state: 'firing',
      summary: 'amr-01: disk.free is 3',
      device: 'amr-01',
      site: 'hall <2> & co',
      value: 3,
      threshold: 5,
      since: '2026-01-31T11:59:00.000Z',
    },
  ],
  total: 1,
};

const plain = `CRITICAL: low-disk firing

Policy: low-disk (disk.free less than 5)

amr-01: disk.free is 3
Device: amr-01
Site: hall <2> & co
Value: 3 (threshold 5)
Since: 2026-01-31T11:59:00.000Z
Alert: alr_1

Look at it: GET /v1/alerts/alr_1`;

const tellBy = async (
  config: ChannelConfig,
  secret: ChannelSecret,
  options: { readonly mailCa?: string } = {},
) => {
  const kept = { createdAt: 1, updatedAt: 1, version: 1 };
  const channel: Channel = { id: 'chn_1', name: 'ops', enabled: true, config, ...kept };
  const deps = sendDeps(systemClock, { allowPrivate: true, timeoutMs: 3000, ...options });
  return await tell(channel, secret, { id: 'dlv_1', notification }, deps);
};

interface MailWorld extends AsyncDisposable {
  readonly port: number;
  readonly ca: string;
  readonly mails: {
    readonly from: string;
    readonly to: readonly string[];
    readonly text: string;
  }[];
}

/** Takes mail for anybody but `nobody@`, from who logs in as ops with the right password. */
async function openMail(options: { readonly tls?: boolean } = {}): Promise<MailWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'fieldloop-mail-'));
  const ca = await openCa({ folder, clock: systemClock });
  const identity = await ca.serverIdentity(['127.0.0.1', 'localhost']);
  const mails: MailWorld['mails'][number][] = [];
  const server = new SMTPServer({
    ...identity,
    ...(options.tls === false ? { hideSTARTTLS: true, disabledCommands: ['STARTTLS'] } : {}),
    authOptional: true,
    onAuth: ({ username, password }, _session, done) => {
      if (username === 'ops' && password === 'right') done(null, { user: 'ops' });
      else done(new Error('no such user or password'));
    },
    onRcptTo: ({ address }, _session, done) => {
      if (address.startsWith('nobody@')) done(new Error('no such mailbox'));
      else done();
    },
    onData: (stream, { envelope, secure }, done) => {
      const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address;
      const to = envelope.rcptTo.map(({ address }) => address);
      const parts: Buffer[] = [];
      stream.on('data', (part: Buffer) => parts.push(part));
      stream.on('end', () => {
        const said = Buffer.concat(parts).toString('utf8');
        mails.push({ from, to, text: `secure ${secure}\n${said}` });
        done();
      });
    },
  });
  server.on('error', () => {});
  const listener = server.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  return {
    port: (listener.address() as AddressInfo).port,
    ca: ca.rootPem,
    mails,
    async [Symbol.asyncDispose]() {
      await new Promise<void>((resolve) => server.close(() => resolve()));
      await rm(folder, { recursive: true });
    },
  };
}

const mailConfig = (port: number) =>
  ({
    kind: 'mail',
    host: '127.0.0.1',
    port,
    security: 'starttls',
    username: 'ops',
    from: 'fieldloop@example.com',
    to: ['on-call@example.com', 'second@example.com'],
  }) as const;

test('mail goes out by STARTTLS with a login, in plain words', async () => {
  await using mail = await openMail();
  const secret = { password: 'right' };
  const outcome = await tellBy(mailConfig(mail.port), secret, { mailCa: mail.ca });
  expect(outcome).toMatchObject({ ok: true, status: 250 });
  const [got] = mail.mails;
  expect(got).toMatchObject({
    from: 'fieldloop@example.com',
    to: ['on-call@example.com', 'second@example.com'],
  });
  expect(got?.text).toContain('secure true');
  expect(got?.text).toContain('Subject: [critical] low-disk firing: amr-01');
  expect(got?.text).toContain('Message-ID: <dlv_1@example.com>');
  expect(got?.text.replaceAll('\r\n', '\n')).toContain(plain);
});

test.each([
  ['a wrong password', { secret: { password: 'wrong' } }, /EAUTH.*password/],
  ['a certificate of nobody known', { ca: false }, /certificate/],
  ['a server without STARTTLS', { tls: false }, /STARTTLS|ETLS/],
  ['an unknown mailbox', { to: ['nobody@example.com'] }, /EENVELOPE.*addresses/],
  [
    'one unknown mailbox of two',
    { to: ['a@example.com', 'nobody@example.com'] },
    /nobody@example.com/,
  ],
])('%s is said with what to do', async (_, wrong, words) => {
  const given: {
    readonly secret?: ChannelSecret;
    readonly ca?: boolean;
    readonly tls?: boolean;
    readonly to?: readonly string[];
  } = wrong;
  await using mail = await openMail(given.tls === false ? { tls: false } : {});
  const config = { ...mailConfig(mail.port), ...(given.to === undefined ? {} : { to: given.to }) };
  const options = given.ca === false ? {} : { mailCa: mail.ca };
  const outcome = await tellBy(config, given.secret ?? { password: 'right' }, options);
  expect(outcome.ok).toBe(false);
  expect(outcome.error).toMatch(words);
  expect(JSON.stringify(outcome)).not.toContain('right');
});

test('a server that nobody runs is said', async () => {
  const outcome = await tellBy(mailConfig(9), { password: 'right' });
  expect(outcome).toMatchObject({ ok: false, error: expect.stringMatching(/ESOCKET|ECONNECTION/) });
});

test('Slack gets its form, and its marks mention nobody', async () => {
  await using slack = await openReceiver();
  const config = { kind: 'slack', host: '127.0.0.1' } as const;
  expect(await tellBy(config, { url: slack.url })).toMatchObject({ ok: true, answer: 'thanks' });
  const said = JSON.parse(slack.got[0]?.body ?? '') as { readonly text: string };
  expect(said.text).toContain('*[critical] low-disk firing: amr-01*');
  expect(said.text).toContain('Site: hall &lt;2&gt; &amp; co');
});

test('a program gets the whole notification, signed', async () => {
  await using receiver = await openReceiver();
  const secret = 'a-secret-of-sixteen';
  await tellBy({ kind: 'webhook', url: receiver.url }, { secret });
  const [got] = receiver.got;
  expect(JSON.parse(got?.body ?? '')).toEqual({
    id: 'dlv_1',
    kind: 'notification',
    data: notification,
  });
  const of = { body: got?.body ?? '', secret, nowMs: Date.now() };
  expect(isSignedBy(String(got?.headers['fieldloop-signature']), of)).toBe(true);
});

test('a channel is made, tested and changed; its secrets go in and never come out', async () => {
  await using world = await openApiWorld();
  await using receiver = await openReceiver();
  const config = { kind: 'slack', url: `${receiver.url}/T0/B0/very-secret` };
  const made = await json<ChannelJson>(world.post('/v1/channels', { name: 'ops', config }));
  expect(made.config).toEqual({
    kind: 'slack',
    host: `127.0.0.1:${receiver.port}`,
    hasSecret: true,
  });
  expect(await json(world.post('/v1/channels/ops:test'))).toMatchObject({ ok: true, status: 200 });
  expect(receiver.got[0]?.body).toContain('test message');
  receiver.answer = 404;
  const failed = await json(world.post('/v1/channels/ops:test'));
  expect(failed).toMatchObject({ ok: false, status: 404, answer: 'thanks' });
  await json(world.patch('/v1/channels/ops', { name: 'on-call', config: { kind: 'slack' } }, any));
  receiver.answer = 200;
  expect(await json(world.post('/v1/channels/on-call:test'))).toMatchObject({ ok: true });
  const everything = [
    await world.get('/v1/channels').then(async (response) => await response.text()),
    JSON.stringify(
      [
        await world.db.selectFrom('audit').selectAll().execute(),
        await world.db.selectFrom('outbox').selectAll().execute(),
      ],
      (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value),
    ),
  ].join();
  expect(everything).not.toContain('very-secret');
  const listed = await json<ChannelPage>(world.get('/v1/channels'));
  expect(listed.items.map((one) => one.name)).toEqual(['on-call']);
});

test('a password is not sent to another server than the one it was given for', async () => {
  await using world = await openApiWorld();
  const config = { ...mailConfig(2525), password: 'right' };
  await json(world.post('/v1/channels', { name: 'mail', config }));
  const { password: _password, ...rest } = config;
  const same = { ...rest, to: ['third@example.com'] };
  await json(world.patch('/v1/channels/mail', { config: same }, any));
  const moved = await world.patch(
    '/v1/channels/mail',
    { config: { ...same, host: 'evil.example' } },
    any,
  );
  expect(moved.status).toBe(400);
  expect(((await moved.json()) as Problem).errors?.[0]?.pointer).toBe('/body/config/password');
  const open = await world.post('/v1/channels', {
    name: 'x',
    config: { ...config, security: 'none' },
  });
  expect(((await open.json()) as Problem).errors?.[0]?.pointer).toBe('/body/config/security');
});
