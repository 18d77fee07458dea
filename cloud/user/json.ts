/** People, their logins and their links as JSON. */
import { roles } from '../auth/rights.ts';
import type { Login } from '../auth/logins.ts';
import { instantField, instantText } from '../http/fields.ts';
import { listAnswer } from '../http/list.ts';
import { z } from '../http/openapi.ts';
import { mostPasswordLength } from '../limits.ts';
import { emailPattern, type OneTimeLink, type User, userStates } from './user.ts';

export const emailField = z
  .string()
  .max(254)
  .regex(emailPattern, 'is not an address: write NAME@HOST')
  .openapi({ example: 'ada@example.com' });

export const nameField = z
  .string()
  .min(1)
  .max(64)
  .regex(/^\P{C}+$/u, 'has characters that cannot be seen');

export const roleField = z.enum(roles);

/** Its rules are told by `checkPassword`, with their reasons; this only bounds the work. */
export const passwordField = z
  .string()
  .max(4 * mostPasswordLength)
  .openapi({ description: 'At least 12 characters; some words that do not belong together.' });

export const userSchema = z
  .object({
    id: z.string().openapi({ example: 'usr_01JC0000000000000000000000' }),
    email: z.string(),
    name: z.string(),
    role: roleField,
    state: z.enum(userStates),
    hasPassword: z.boolean(),
    issuer: z
      .string()
      .optional()
      .openapi({ description: 'The OpenID provider with which the person logs in.' }),
    lastLoginAt: instantField.optional(),
    createdBy: z.string(),
    createdAt: instantField,
    updatedAt: instantField,
    version: z.int(),
  })
  .openapi('User');

export const userPageSchema = listAnswer('UserPage', userSchema);

export type UserJson = z.infer<typeof userSchema>;

export const userJson = (user: User): UserJson => ({
  id: user.id,
  email: user.email,
  name: user.name,
  role: user.role,
  state: user.state,
  hasPassword: user.hasPassword,
  ...(user.issuer === undefined ? {} : { issuer: user.issuer }),
  ...(user.lastLoginAt === undefined ? {} : { lastLoginAt: instantText(user.lastLoginAt) }),
  createdBy: user.createdBy,
  createdAt: instantText(user.createdAt),
  updatedAt: instantText(user.updatedAt),
  version: user.version,
});

const linkSchema = z
  .object({
    kind: z.enum(['invitation', 'password_reset']),
    token: z.string().openapi({ description: 'For POST /v1/links:redeem; shown only this once.' }),
    url: z.string().openapi({ description: 'The page that takes the password. Hand it over.' }),
    expiresAt: instantField,
  })
  .openapi('OneTimeLink');

export const invitedSchema = userSchema.extend({ link: linkSchema }).openapi('UserWithLink');

export type InvitedJson = z.infer<typeof invitedSchema>;

export const linkJson = (
  link: OneTimeLink,
  { token, url }: { readonly token: string; readonly url: string },
): z.infer<typeof linkSchema> => ({
  kind: link.kind === 'password_reset' ? 'password_reset' : 'invitation',
  token,
  url,
  expiresAt: instantText(link.expiresAt),
});

export const loginSchema = z
  .object({
    id: z.string().openapi({ example: 'lgn_01JC0000000000000000000000' }),
    method: z.enum(['password', 'oidc']),
    current: z.boolean().openapi({ description: 'The one that asks.' }),
    ip: z.string(),
    agent: z.string().openapi({ description: 'What the browser calls itself.' }),
    createdAt: instantField,
    seenAt: instantField,
    expiresAt: instantField,
  })
  .openapi('Login');

export const loginJson = (
  login: Login,
  current: string | undefined,
): z.infer<typeof loginSchema> => ({
  id: login.id,
  method: login.method,
  current: login.id === current,
  ip: login.ip,
  agent: login.agent,
  createdAt: instantText(login.createdAt),
  seenAt: instantText(login.seenAt),
  expiresAt: instantText(login.expiresAt),
});
