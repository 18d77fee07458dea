/** API keys as JSON. */
import { allScopes, roles } from '../auth/rights.ts';
import { instantField, instantText } from '../http/fields.ts';
import { type Listing, listAnswer } from '../http/list.ts';
import { z } from '../http/openapi.ts';
import type { ApiKey } from './key.ts';

export const scopeField = z.enum(allScopes).openapi({ example: 'clips:read' });

export const scopesField = z.array(scopeField).min(1).max(allScopes.length);

export const roleField = z.enum(roles).openapi({ example: 'engineer' });

export const apiKeySchema = z
  .object({
    id: z.string().openapi({ example: 'key_01JC0000000000000000000000' }),
    name: z.string(),
    scopes: z.array(scopeField),
    cohorts: z
      .array(z.string())
      .optional()
      .openapi({ description: 'Cohorts whose devices the key sees; absent: every device.' }),
    user: z
      .string()
      .optional()
      .openapi({ description: 'The person it stands for: it never has more rights than they.' }),
    createdBy: z.string().optional(),
    rotatedFrom: z.string().optional(),
    createdAt: instantField,
    updatedAt: instantField,
    version: z.int(),
    expiresAt: instantField.optional(),
    lastUsedAt: instantField.optional(),
    revokedAt: instantField.optional(),
  })
  .openapi('ApiKey');

export const newApiKeySchema = apiKeySchema
  .extend({
    key: z.string().openapi({ description: 'The text to send: shown only this once.' }),
  })
  .openapi('NewApiKey');

export const apiKeyPageSchema = listAnswer('ApiKeyPage', apiKeySchema);

export type ApiKeyJson = z.infer<typeof apiKeySchema>;
export type NewApiKeyJson = z.infer<typeof newApiKeySchema>;
export type ApiKeyPage = Listing<ApiKeyJson>;

export function apiKeyJson(key: ApiKey): ApiKeyJson {
  const { id, name, scopes, cohorts, personId, createdBy, rotatedFrom, version } = key;
  return {
    id,
    name,
    scopes: [...scopes],
    ...(cohorts === undefined ? {} : { cohorts: [...cohorts] }),
    ...(personId === undefined ? {} : { user: personId }),
    ...(createdBy === undefined ? {} : { createdBy }),
    ...(rotatedFrom === undefined ? {} : { rotatedFrom }),
    createdAt: instantText(key.createdAt),
    updatedAt: instantText(key.updatedAt),
    version,
    ...(key.expiresAt === undefined ? {} : { expiresAt: instantText(key.expiresAt) }),
    ...(key.lastUsedAt === undefined ? {} : { lastUsedAt: instantText(key.lastUsedAt) }),
    ...(key.revokedAt === undefined ? {} : { revokedAt: instantText(key.revokedAt) }),
  };
}
