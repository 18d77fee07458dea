/** Releases as the API shows them. */
import { instantField, instantText } from '../http/fields.ts';
import { z } from '../http/openapi.ts';
import type { DocumentFault } from '../http/yaml-document.ts';
import { type Release, releaseStates, type Vote } from './release.ts';

export const documentFaultSchema = z
  .object({
    line: z.int(),
    column: z.int(),
    code: z.string(),
    message: z.string(),
    remedy: z.string(),
  })
  .openapi('DocumentFault');

export const faultsJson = (
  faults: readonly DocumentFault[],
): z.infer<typeof documentFaultSchema>[] => faults.map((fault) => ({ ...fault }));

const vote = z.object({
  person: z.string(),
  choice: z.enum(['approve', 'reject']),
  role: z.string(),
  reason: z.string(),
  evidenceDigest: z.string().openapi({ description: 'Of the evidence that they saw.' }),
  at: instantField,
});

export const releaseSchema = z
  .object({
    id: z.string().openapi({ example: 'rel_01JC0000000000000000000000' }),
    name: z.string(),
    releaseVersion: z.string().openapi({ description: 'As the manifest says it.' }),
    digest: z.string().openapi({ description: 'SHA-256 of the canonical manifest.' }),
    state: z.enum(releaseStates),
    notes: z.string(),
    components: z.array(
      z.object({ name: z.string(), kind: z.string(), componentVersion: z.string() }),
    ),
    previous: z.string().optional(),
    manifest: z.unknown().optional().openapi({ description: 'Where one release is asked for.' }),
    evidence: z.record(z.string(), z.unknown()),
    evidenceDigest: z.string(),
    votes: z.array(vote).optional().openapi({ description: 'Of this digest.' }),
    author: z.string(),
    reason: z.string().optional(),
    approvedAt: instantField.optional(),
    releasedAt: instantField.optional(),
    createdAt: instantField,
    updatedAt: instantField,
    version: z.int(),
  })
  .openapi('Release');

export type ReleaseJson = z.infer<typeof releaseSchema>;

export function releaseJson(
  of: Release,
  parts: {
    readonly evidenceDigest: string;
    readonly votes?: readonly Vote[] | undefined;
    readonly isWhole?: boolean;
  },
): ReleaseJson {
  const { manifest } = of;
  return {
    id: of.id,
    name: of.name,
    releaseVersion: of.semver,
    digest: of.digest,
    state: of.state,
    notes: manifest.notes,
    components: manifest.components.map(({ name, kind, version }) => ({
      name,
      kind,
      componentVersion: version,
    })),
    ...(manifest.previous === undefined ? {} : { previous: manifest.previous }),
    ...(parts.isWhole === true ? { manifest } : {}),
    evidence: { ...of.evidence },
    evidenceDigest: parts.evidenceDigest,
    ...(parts.votes === undefined
      ? {}
      : { votes: parts.votes.map((one) => ({ ...one, at: instantText(one.at) })) }),
    author: of.author,
    ...(of.reason === undefined ? {} : { reason: of.reason }),
    ...(of.approvedAt === undefined ? {} : { approvedAt: instantText(of.approvedAt) }),
    ...(of.releasedAt === undefined ? {} : { releasedAt: instantText(of.releasedAt) }),
    createdAt: instantText(of.createdAt),
    updatedAt: instantText(of.updatedAt),
    version: of.version,
  };
}
