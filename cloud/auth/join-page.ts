/** The one page of accounts: it takes the password that a one-time link allows. */
import { createHash } from 'node:crypto';
import { type Operation, operation } from '../http/operation.ts';
import { leastPasswordLength } from '../limits.ts';

const style = `
body { font: 16px/1.5 system-ui, sans-serif; margin: 10vh auto; max-width: 26rem; padding: 0 1rem }
label { display: block; margin: 1rem 0 0 }
input { width: 100%; box-sizing: border-box; font: inherit }
button { margin: 1.5rem 0; font: inherit } #said { white-space: pre-wrap }
`;

// The secret stands behind # and goes into the body of one request, never into an address.
const script = `
const form = document.querySelector('form');
const said = document.querySelector('#said');
const token = location.hash.slice(1);
if (token === '') said.textContent = 'This page needs the whole link that you were given.';
form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const given = Object.fromEntries([...new FormData(form)].filter(([, value]) => value !== ''));
  if (given.password !== given.again) { said.textContent = 'The two passwords differ.'; return; }
  delete given.again;
  said.textContent = '…';
  const response = await fetch('/v1/links:redeem', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...given, token }),
  });
  const body = await response.json();
  if (response.ok) {
    history.replaceState(null, '', location.pathname);
    form.remove();
    said.textContent = body.name + ' (' + body.role + ') can log in now as ' + body.email + '.';
  } else {
    said.textContent = [body.detail, body.remedy].filter(Boolean).join('\\n');
  }
});
`;

const page = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Fieldloop: your account</title>
<meta name="viewport" content="width=device-width"><meta name="referrer" content="no-referrer">
<style>${style}</style></head><body><h1>Your account</h1>
<form>
<label>Address (the first admin only)<input name="email" type="email" autocomplete="username"></label>
<label>Name (the first admin only)<input name="name" autocomplete="name"></label>
<label>Password, at least ${leastPasswordLength} characters
<input name="password" type="password" required autocomplete="new-password"></label>
<label>Once more<input name="again" type="password" required autocomplete="new-password"></label>
<button>Set it</button></form><p id="said" role="status"></p>
<script>${script}</script></body></html>
`;

const hashOf = (text: string): string =>
  `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

const policy = [
  "default-src 'none'",
  `script-src ${hashOf(script)}`,
  `style-src ${hashOf(style)}`,
  "connect-src 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join('; ');

export const joinOperation: Operation = operation(
  {
    id: 'getJoinPage',
    tag: 'me',
    method: 'get',
    path: '/v1/join',
    summary: 'The page on which a one-time link is used',
    right: 'nobody',
  },
  { answer: { status: 200, description: 'A page.', bytes: 'text/html' } },
  () =>
    new Response(page, {
      headers: {
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy': policy,
        'cache-control': 'no-store',
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
      },
    }),
);
