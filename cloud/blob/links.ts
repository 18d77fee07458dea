/**
 * Links that work without a key for a short time: what may be read until when, signed. A link is
 * bound to one clip, export or task and to reading it; it ends with its time or with what it names.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { Fault } from '@fieldloop/core';

export interface LinkGrant {
  readonly kind: 'clip' | 'export' | 'task';
  readonly id: string;
  /** Unix milliseconds. */
  readonly expiresAt: number;
}

export interface Links {
  sign(grant: LinkGrant): string;
  /** Fault `forbidden` for a link that is over or that nobody here signed. */
  verify(token: string, now: number): LinkGrant;
}

/** Path of the operation that takes a token; a viewer goes by the extension of the name. */
export const linkPath = (token: string, fileName: string): string =>
  `/v1/signed/${token}/${encodeURIComponent(fileName)}`;

export function openLinks(key: string): Links {
  const mac = (body: string): Buffer =>
    createHmac('sha256', key).update(`fieldloop link 1\nGET\n${body}`).digest();
  return {
    sign({ kind, id, expiresAt }) {
      const body = Buffer.from(`${kind} ${id} ${expiresAt}`).toString('base64url');
      return `${body}.${mac(body).toString('base64url')}`;
    },
    verify(token, now) {
      const [body = '', given = ''] = token.split('.');
      const signature = Buffer.from(given, 'base64url');
      const wanted = mac(body);
      const words = Buffer.from(body, 'base64url').toString('utf8');
      const [, kind, id, expires] = /^(clip|export|task) (\w{1,64}) (\d{1,15})$/.exec(words) ?? [];
      const isSigned = signature.length === wanted.length && timingSafeEqual(signature, wanted);
      if (!isSigned || id === undefined || !isKind(kind)) {
        throw refused('this link was not made by this cloud, or it was changed');
      }
      const expiresAt = Number(expires);
      if (expiresAt <= now) throw refused('this link has expired');
      return { kind, id, expiresAt };
    },
  };
}

const isKind = (text: string | undefined): text is LinkGrant['kind'] =>
  text === 'clip' || text === 'export' || text === 'task';

const refused = (message: string): Fault =>
  new Fault('forbidden', message, {
    place: '/path/token',
    remedy: 'Ask for a new link with `fieldloop clips links`, and use it within its time.',
  });
