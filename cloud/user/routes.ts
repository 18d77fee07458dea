/** What admins do with accounts: invite, change, deactivate, hand over links. */
import { Fault, type RandomBytes } from '@fieldloop/core';
import { loginStore } from '../auth/logins.ts';
import { linkStore, linkUrl, newLink } from '../auth/one-time-links.ts';
import { siteOf } from '../auth/site.ts';
import type { NounDeps } from '../http/deps.ts';
import { listPage, listQuery } from '../http/list.ts';
import { z } from '../http/openapi.ts';
import { type Call, type Operation, operation } from '../http/operation.ts';
import { userSource } from '../http/q/sources/users.ts';
import { demandVersion } from '../http/version.ts';
import { endKeysOf } from '../store/person-keys.ts';
import type { Db } from '../store/db.ts';
import { putOutbox } from '../store/outbox.ts';
import { nameActors } from './actors.ts';
import {
  emailField,
  invitedSchema,
  linkJson,
  nameField,
  roleField,
  userJson,
  userPageSchema,
  userSchema,
} from './json.ts';
import { personStore } from './store.ts';
import {
  type Changer,
  demandAdminLeft,
  demandOther,
  demandRoleToGive,
  plainEmail,
  type User,
} from './user.ts';

export interface UserDeps extends NounDeps {
  readonly randomBytes: RandomBytes;
  /** Where browsers find this cloud, when that is not where it listens. */
  readonly publicUrl?: string | undefined;
}

type AnyCall = Pick<Call<unknown, unknown, unknown>, 'caller' | 'audit' | 'request'>;

const path = z.strictObject({ id: z.string().max(254) });

export const userOperations = (deps: UserDeps): readonly Operation[] => [
  invite(deps),
  list(deps),
  get(deps),
  change(deps),
  deactivate(deps),
  activate(deps),
  reset(deps),
  endLogins(deps),
  nameActors(deps),
];

const invite = (deps: UserDeps): Operation =>
  operation(
    {
      id: 'inviteUser',
      tag: 'users',
      method: 'post',
      path: '/v1/users',
      summary: 'An account for a person, and the link with which they open it',
      description: 'Hand the link over yourself: it works once, and for seven days.',
      right: 'users:admin',
      secret: true,
    },
    {
      body: z.strictObject({ email: emailField, name: nameField, role: roleField }),
      answer: { status: 201, description: 'The account and its link.', schema: invitedSchema },
    },
    async (call) => {
      const { name, role } = call.body;
      const email = plainEmail(call.body.email);
      demandRoleToGive(changerOf(call), role, '/body/role');
      return await call.change(async (trx) => {
        if ((await personStore(trx).proof(email)) !== undefined) {
          throw new Fault('conflict', `${email} has an account already`, {
            place: '/body/email',
            remedy: 'Give that one another role, or a new link with :resetPassword.',
          });
        }
        const at = deps.clock.now();
        const user = await personStore(trx).create({
          id: deps.ids.ulid('usr'),
          email,
          name,
          role,
          state: 'invited',
          createdBy: call.caller?.id ?? 'system',
          at,
        });
        await putOutbox(trx, { kind: 'user.created', subject: user.id, at, body: { role } });
        await call.audit(trx, {
          action: 'user.invite',
          subject: user.id,
          after: { email, name, role },
        });
        return { ...userJson(user), link: await handOver(trx, deps, { call, user }) };
      });
    },
  );

const list = (deps: UserDeps): Operation =>
  operation(
    {
      id: 'listUsers',
      tag: 'users',
      method: 'get',
      path: '/v1/users',
      summary: 'People with an account',
      right: 'users:read',
    },
    {
      query: listQuery(userSource, {}),
      answer: { status: 200, description: 'One page.', schema: userPageSchema },
    },
    async ({ query }) =>
      await listPage(deps, query, {
        operation: 'listUsers',
        source: userSource,
        rows: deps.read.selectFrom('person').select('person.id'),
        items: async (rows) =>
          (await personStore(deps.read).some(rows.map((row) => row.id))).map(userJson),
        schema: userSchema,
      }),
  );

const get = (deps: UserDeps): Operation =>
  operation(
    {
      id: 'getUser',
      tag: 'users',
      method: 'get',
      path: '/v1/users/{id}',
      summary: 'One person, by id or address',
      right: 'users:read',
    },
    { params: path, answer: { status: 200, description: 'The person.', schema: userSchema } },
    async ({ params }) => userJson(await userOf(deps.read, params.id)),
  );

const change = (deps: UserDeps): Operation =>
  operation(
    {
      id: 'updateUser',
      tag: 'users',
      method: 'patch',
      path: '/v1/users/{id}',
      summary: 'Another name or role',
      description: 'Another role ends the logins of the person. Nobody changes their own role.',
      right: 'users:admin',
      faults: ['conflict'],
    },
    {
      params: path,
      body: z.strictObject({ name: nameField.optional(), role: roleField.optional() }),
      answer: { status: 200, description: 'The person.', schema: userSchema },
    },
    async (call) =>
      await call.change(async (trx) => {
        const user = await userOf(trx, call.params.id);
        demandVersion(call, user);
        const { name, role } = call.body;
        const moved = role !== undefined && role !== user.role;
        if (moved) {
          demandOther(changerOf(call), user, 'changes the role of');
          demandRoleToGive(changerOf(call), user.role, '/path/id');
          demandRoleToGive(changerOf(call), role, '/body/role');
          demandAdminLeft(user, { role }, await personStore(trx).otherAdmins(user.id));
        }
        const at = deps.clock.now();
        const after = await personStore(trx).change(user, { name, role }, at);
        if (moved) await loginStore(trx).endAll(user.id, at);
        await call.audit(trx, {
          action: 'user.update',
          subject: user.id,
          before: { name: user.name, role: user.role },
          after: { name: after.name, role: after.role },
        });
        return userJson(after);
      }),
  );

const deactivate = (deps: UserDeps): Operation =>
  operation(
    {
      id: 'deactivateUser',
      tag: 'users',
      method: 'post',
      path: '/v1/users/{id}:deactivate',
      summary: 'Close an account: its logins, keys and links end at once',
      right: 'users:admin',
    },
    { params: path, answer: { status: 200, description: 'The person.', schema: userSchema } },
    async (call) =>
      await call.change(async (trx) => {
        const user = await userOf(trx, call.params.id);
        demandOther(changerOf(call), user, 'deactivates');
        demandRoleToGive(changerOf(call), user.role, '/path/id');
        if (user.state === 'deactivated') return userJson(user);
        const others = await personStore(trx).otherAdmins(user.id);
        demandAdminLeft(user, { state: 'deactivated' }, others);
        const at = deps.clock.now();
        const after = await personStore(trx).change(user, { state: 'deactivated' }, at);
        const logins = await loginStore(trx).endAll(user.id, at);
        const keys = await endKeysOf(trx, user.id, at);
        await linkStore(trx).revoke({ personId: user.id }, at);
        await putOutbox(trx, { kind: 'user.deactivated', subject: user.id, at, body: {} });
        await call.audit(trx, {
          action: 'user.deactivate',
          subject: user.id,
          before: { state: user.state },
          after: { state: after.state },
          detail: { logins, keys },
        });
        return userJson(after);
      }),
  );

const activate = (deps: UserDeps): Operation =>
  operation(
    {
      id: 'activateUser',
      tag: 'users',
      method: 'post',
      path: '/v1/users/{id}:activate',
      summary: 'Open a deactivated account again; its keys stay ended',
      right: 'users:admin',
    },
    { params: path, answer: { status: 200, description: 'The person.', schema: userSchema } },
    async (call) =>
      await call.change(async (trx) => {
        const user = await userOf(trx, call.params.id);
        demandRoleToGive(changerOf(call), user.role, '/path/id');
        if (user.state !== 'deactivated') return userJson(user);
        const state = user.hasPassword || user.issuer !== undefined ? 'active' : 'invited';
        const after = await personStore(trx).change(user, { state }, deps.clock.now());
        await call.audit(trx, {
          action: 'user.activate',
          subject: user.id,
          before: { state: user.state },
          after: { state },
        });
        return userJson(after);
      }),
  );

const reset = (deps: UserDeps): Operation =>
  operation(
    {
      id: 'resetUserPassword',
      tag: 'users',
      method: 'post',
      path: '/v1/users/{id}:resetPassword',
      summary: 'A link with which the person sets a new password',
      description: 'The old password holds until the link is used; then logins and keys end too.',
      right: 'users:admin',
    },
    { params: path, answer: { status: 200, description: 'The link.', schema: invitedSchema } },
    async (call) =>
      await call.change(async (trx) => {
        const user = await userOf(trx, call.params.id);
        // Whoever holds the link is that person from then on.
        demandRoleToGive(changerOf(call), user.role, '/path/id');
        if (user.state === 'deactivated') {
          throw new Fault('conflict', `${user.name} is deactivated`, {
            remedy: 'Activate the account first.',
          });
        }
        await call.audit(trx, { action: 'user.resetPassword', subject: user.id });
        return { ...userJson(user), link: await handOver(trx, deps, { call, user }) };
      }),
  );

const endLogins = (deps: UserDeps): Operation =>
  operation(
    {
      id: 'endUserLogins',
      tag: 'users',
      method: 'post',
      path: '/v1/users/{id}:endLogins',
      summary: 'Log a person out everywhere',
      right: 'users:admin',
    },
    { params: path, answer: { status: 200, description: 'The person.', schema: userSchema } },
    async (call) =>
      await call.change(async (trx) => {
        const user = await userOf(trx, call.params.id);
        const logins = await loginStore(trx).endAll(user.id, deps.clock.now());
        await call.audit(trx, { action: 'user.endLogins', subject: user.id, detail: { logins } });
        return userJson(user);
      }),
  );

/** A fresh link for somebody who is invited, or who forgot. */
async function handOver(
  trx: Db,
  deps: UserDeps,
  { call, user }: { readonly call: AnyCall; readonly user: User },
) {
  const kind = user.state === 'invited' ? 'invitation' : 'password_reset';
  // The person, whichever key they used: who handed a link over may have used it themselves.
  const by = call.caller?.userId ?? call.caller?.id ?? 'system';
  const { link, token } = await newLink(trx, deps, { kind, personId: user.id, by });
  const origin = siteOf(call.request, deps.publicUrl)?.origin ?? new URL(call.request.url).origin;
  return linkJson(link, { token, url: linkUrl(origin, token) });
}

const changerOf = ({ caller }: Pick<AnyCall, 'caller'>): Changer => ({
  userId: caller?.userId,
  scopes: caller?.scopes ?? [],
});

/** By id or address. Fault `not_found`. */
async function userOf(db: Db, idOrEmail: string): Promise<User> {
  const people = personStore(db);
  const user = idOrEmail.includes('@')
    ? (await people.proof(plainEmail(idOrEmail)))?.user
    : await people.get(idOrEmail);
  if (user !== undefined) return user;
  throw new Fault('not_found', `there is nobody called "${idOrEmail}"`, {
    remedy: 'List the accounts with `fieldloop users list`.',
  });
}
