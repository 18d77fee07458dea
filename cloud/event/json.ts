/** An event as the API shows it. */
import { instantField, instantText, nsField, severityField } from '../http/fields.ts';
import type { Listing } from '../http/list.ts';
import { z } from '../http/openapi.ts';
import type { Event } from './event.ts';

const value = z.union([z.number(), z.string(), z.boolean(), z.null()]);

export const eventSchema = z
  .object({
    id: z.string().openapi({ example: 'evt_01JC0000000000000000000000' }),
    kind: z.enum(['event', 'marker']),
    device: z.string(),
    session: z.string().optional(),
    clip: z.string().optional(),
    name: z.string(),
    severity: severityField,
    atNs: nsField,
    endNs: nsField.openapi({ description: 'Equal to atNs for an instant.' }),
    synced: z.boolean().openapi({ description: 'Whether the clock of the robot was right then.' }),
    rule: z.string().optional(),
    ruleSetDigest: z.string().optional(),
    margin: z.number().optional(),
    values: z.record(z.string(), value),
    tags: z.array(z.string()),
    text: z.string().optional(),
    label: z.string().optional().openapi({ description: 'In a person’s words.' }),
    data: z.unknown().optional().openapi({ description: 'As the schema of its kind says.' }),
    createdBy: z
      .string()
      .optional()
      .openapi({ description: 'Who wrote it; absent: the robot itself.' }),
    externalId: z.string().optional(),
    receivedAt: instantField,
    createdAt: instantField.openapi({ description: 'receivedAt.' }),
    updatedAt: instantField,
    version: z.int(),
  })
  .openapi('Event');

export type EventJson = z.infer<typeof eventSchema>;

export type EventPage = Listing<EventJson>;

export function eventJson(event: Event): EventJson {
  return {
    ...event,
    atNs: String(event.atNs),
    endNs: String(event.endNs),
    values: { ...event.values },
    tags: [...event.tags],
    receivedAt: instantText(event.receivedAt),
    createdAt: instantText(event.receivedAt),
    updatedAt: instantText(event.updatedAt),
  };
}
