/** Everything about people, keys, approvals and audit, behind one door for the API. */
import type { RandomBytes } from '@fieldloop/core';
import { approvalOperations } from '../approval/routes.ts';
import { type AuditDeps, auditOperations } from '../audit/routes.ts';
import type { NounDeps } from '../http/deps.ts';
import type { Operation } from '../http/operation.ts';
import { myApiKeyOperations } from '../key/me-routes.ts';
import { apiKeyOperations } from '../key/routes.ts';
import { settingOnce } from '../store/settings.ts';
import { userOperations } from '../user/routes.ts';
import { openAccounts } from './accounts.ts';
import { openPasswords, type Passwords } from './argon2.ts';
import { joinOperation } from './join-page.ts';
import { loginOperations } from './login-routes.ts';
import type { OidcDeps } from './oidc-routes.ts';
import { oidcOperations } from './oidc-routes.ts';

export interface PeopleDeps extends NounDeps, Pick<AuditDeps, 'auditKey'> {
  readonly randomBytes: RandomBytes;
  /** Where browsers find this cloud, when that is not where it listens. */
  readonly publicUrl?: string | undefined;
  readonly oidc?: OidcDeps['oidc'];
  /** Hashes of passwords; made here unless a test brings its own. */
  readonly passwords?: Passwords | undefined;
}

/** The key that seals logins under way is made once: any process can end what another began. */
export async function peopleOperations(deps: PeopleDeps): Promise<readonly Operation[]> {
  const sealKey = await settingOnce(deps.write, 'oidc_seal_key', () =>
    Buffer.from(deps.randomBytes(32)).toString('base64url'),
  );
  const passwords = deps.passwords ?? openPasswords(deps);
  const { oidc } = deps;
  const endElsewhere =
    oidc === undefined ? undefined : async (origin: string) => await oidc.client.end(`${origin}/`);
  return [
    joinOperation,
    ...loginOperations({ ...deps, accounts: openAccounts({ ...deps, passwords }), endElsewhere }),
    ...oidcOperations({ ...deps, passwords, sealKey: Buffer.from(sealKey, 'base64url') }),
    ...myApiKeyOperations(deps),
    ...userOperations(deps),
    ...apiKeyOperations(deps),
    ...approvalOperations(deps),
    ...auditOperations(deps),
  ];
}
