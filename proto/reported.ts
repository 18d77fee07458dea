/** What a device reports as running: one JSON document a section, inside the message Reported. */
import { Fault, type Json } from '@fieldloop/core';

export const reportedSections = ['firmware', 'models', 'rules', 'agent'] as const;
export type ReportedSection = (typeof reportedSections)[number];

/** A document has its own digest and whatever its section says beside it. */
export interface ReportedDocument {
  readonly digest: string;
  readonly [key: string]: Json | undefined;
}

/** Fault `invalid` when the text is not a JSON object with a digest. */
export function parseReportedDocument(text: string): ReportedDocument {
  const document = parseJson(text);
  const isObject = typeof document === 'object' && document !== null && !Array.isArray(document);
  const digest = isObject ? (document as ReportedDocument).digest : undefined;
  if (typeof digest === 'string' && /^[0-9a-f]{64}$/.test(digest)) {
    return document as ReportedDocument;
  }
  throw new Fault('invalid', 'the reported document has no digest of 64 hex digits', {
    place: '/digest',
    remedy: 'Update the agent on this device to a version that this cloud accepts.',
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
