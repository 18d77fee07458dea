/** An object of any JSON: what a document that another part judges is in a request. */
import type { Json } from '@fieldloop/core';
import { z } from './openapi.ts';

export const jsonRecord = (doc: { readonly description: string; readonly example?: unknown }) =>
  z.record(z.string(), z.unknown()).openapi(doc) as unknown as z.ZodType<Record<string, Json>>;
