/**
 * Where browsers find this cloud, and what follows from it for cookies: over https they are Secure
 * and bound to the host (`__Host-`); plain http is for this machine, or for who says so in
 * `publicUrl`.
 */
import { Fault } from '@fieldloop/core';
import { loginMs } from '../limits.ts';

export interface Site {
  /** `https://fieldloop.example.com`, without a path. */
  readonly origin: string;
  readonly secure: boolean;
}

/** The site that a request came to, or undefined where a cookie would cross a network in clear. */
export function siteOf(request: Request, publicUrl: string | undefined): Site | undefined {
  if (publicUrl !== undefined) {
    const { origin, protocol } = new URL(publicUrl);
    return { origin, secure: protocol === 'https:' };
  }
  const { host, hostname } = new URL(request.url);
  return isLoopback(hostname) ? { origin: `http://${host}`, secure: false } : undefined;
}

export const isLoopback = (hostname: string): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);

/** Fault `forbidden` where no browser may log in. */
export function demandSite(request: Request, publicUrl: string | undefined): Site {
  const site = siteOf(request, publicUrl);
  if (site !== undefined) return site;
  throw new Fault('forbidden', 'nobody logs in over plain http from another machine', {
    place: '/header/host',
    remedy:
      'Put a TLS proxy in front and set publicUrl to its https address; ' +
      'publicUrl: http://… says that this network may read passwords.',
  });
}

/**
 * Fault `forbidden` when a browser says that another site made this request. Programs send
 * neither header.
 */
export function demandSameOrigin(request: Request, site: Site): void {
  const origin = request.headers.get('origin');
  const from = request.headers.get('sec-fetch-site');
  const foreign = origin !== null && origin !== site.origin;
  if (!foreign && (from === null || from === 'same-origin' || from === 'none')) return;
  throw new Fault('forbidden', 'another site made this request', {
    place: foreign ? '/header/origin' : '/header/sec-fetch-site',
    remedy: `Send it from a page of ${site.origin}; publicUrl says where browsers find this cloud.`,
  });
}

export const loginCookie = ({ secure }: Site): string =>
  secure ? '__Host-fieldloop' : 'fieldloop_login';

export interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly maxAgeS: number;
}

export const loginCookieOf = (site: Site, value: string): Cookie => ({
  name: loginCookie(site),
  value,
  maxAgeS: loginMs / 1000,
});

/** A Set-Cookie header; `maxAgeS` 0 takes the cookie away. */
export const setCookie = ({ name, value, maxAgeS }: Cookie, { secure }: Site): string =>
  `${name}=${value}; Path=/; Max-Age=${maxAgeS}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;

/** The value of a cookie; undefined when it is absent, and when it is there twice. */
export function cookieOf(request: Request, name: string): string | undefined {
  const pairs = (request.headers.get('cookie') ?? '').split(';').map((pair) => pair.trim());
  const found = pairs.filter((pair) => pair.startsWith(`${name}=`));
  return found.length === 1 ? found[0]?.slice(name.length + 1) : undefined;
}
