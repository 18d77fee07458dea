/** What a device reports as running: one JSON document a section, inside the message Reported. */
import { z } from 'zod';

export const reportedSections = ['firmware', 'models', 'rules', 'agent'] as const;
export type ReportedSection = (typeof reportedSections)[number];

/** A document has its own digest and whatever its section says beside it. */
export const reportedDocumentSchema = z.looseObject({
  digest: z.string().regex(/^[0-9a-f]{64}$/),
});
export type ReportedDocument = z.infer<typeof reportedDocumentSchema>;
