/** How a schema complains with a remedy. */
import type * as z from 'zod';

export interface Complaint {
  readonly message: string;
  readonly remedy: string;
  readonly path: readonly PropertyKey[];
}

/** Readers of documents take the remedy from `params`. */
export function complain(context: z.core.ParsePayload, { message, remedy, path }: Complaint): void {
  const code = 'custom' as const;
  const { value } = context;
  context.issues.push({ code, message, params: { remedy }, path: [...path], input: value });
}
