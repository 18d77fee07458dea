/** People with an account, and what may be done to one. */
import { Fault } from '@fieldloop/core';
import { type Role, roleScopes, scopeBeyond } from '../auth/rights.ts';

export const userStates = ['invited', 'active', 'deactivated'] as const;
export type UserState = (typeof userStates)[number];

export interface User {
  readonly id: string;
  /** In lower case. */
  readonly email: string;
  readonly name: string;
  readonly role: Role;
  readonly state: UserState;
  readonly hasPassword: boolean;
  /** Where an OpenID provider vouches for the person. */
  readonly issuer?: string;
  readonly lastLoginAt?: number;
  readonly createdBy: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly version: number;
}

/** One form for each address: nobody has two accounts by its spelling. */
export const plainEmail = (text: string): string => text.normalize('NFKC').trim().toLowerCase();

/** An address that a mailbox can have; whether it has one only a mail could tell. */
export const emailPattern = /^[^\s@"<>(),:;[\]\\]{1,64}@[^\s@"<>(),:;[\]\\]{1,185}$/;

/** Who changes a person's account. */
export interface Changer {
  /** The person behind the caller, where one is known. */
  readonly userId?: string | undefined;
  readonly scopes: readonly string[];
}

/** Fault `forbidden` unless the changer has every right of this role. */
export function demandRoleToGive(changer: Changer, role: Role, place: string): void {
  const more = scopeBeyond(changer.scopes, roleScopes[role]);
  if (more === undefined) return;
  throw new Fault('forbidden', `the role ${role} holds ${more}, which you do not have`, {
    place,
    remedy: 'Ask an admin who has it.',
  });
}

/** Fault `forbidden` when somebody changes what they may do themselves. */
export function demandOther(changer: Changer, user: Pick<User, 'id'>, what: string): void {
  if (changer.userId !== user.id) return;
  throw new Fault('forbidden', `nobody ${what} their own account`, {
    remedy: 'Ask another admin.',
  });
}

/** Fault `conflict` when nobody would be left who can give rights. */
export function demandAdminLeft(
  user: Pick<User, 'name' | 'role' | 'state'>,
  to: { readonly role?: Role | undefined; readonly state?: UserState | undefined },
  otherActiveAdmins: number,
): void {
  const was = user.role === 'admin' && user.state === 'active';
  const stays = (to.role ?? user.role) === 'admin' && (to.state ?? user.state) === 'active';
  if (!was || stays || otherActiveAdmins > 0) return;
  throw new Fault('conflict', `${user.name} is the last admin`, {
    remedy: 'Make another person an admin first.',
  });
}

export type LinkKind = 'first_admin' | 'invitation' | 'password_reset';

export interface OneTimeLink {
  readonly id: string;
  readonly kind: LinkKind;
  /** Absent for the link that makes the first admin. */
  readonly personId?: string;
  readonly createdBy: string;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly usedAt?: number;
  readonly revokedAt?: number;
}

/** Why a link is worth nothing, or undefined. */
export function deadLink(link: OneTimeLink, now: number): string | undefined {
  if (link.usedAt !== undefined) return 'was used already';
  if (link.revokedAt !== undefined) return 'was replaced by a newer one';
  return link.expiresAt <= now ? 'has expired' : undefined;
}
