/** What a request says of an event or marker that it writes. */
import { deviceRefField, nsField, severityField } from '../http/fields.ts';
import { z } from '../http/openapi.ts';
import { maxClipTags, maxLabelLength, maxTagLength } from '../limits.ts';
import { eventNameField, smallJson } from './kind-routes.ts';

const value = z.union([z.number(), z.string().max(256), z.boolean(), z.null()]);
export const labelField = z.string().min(1).max(maxLabelLength);
export const tagsField = z.array(z.string().min(1).max(maxTagLength)).max(maxClipTags);
export const idField = z.string().min(1).max(64);

export const forceField = z.boolean().default(false).openapi({
  description: 'Write it even outside of the time that is known of the device.',
});

const bodyFields = {
  device: deviceRefField.optional().openapi({ description: 'Absent: the device of the clip.' }),
  clip: idField
    .optional()
    .openapi({ description: 'A marker stands on the timeline of this clip.' }),
  session: idField.optional(),
  kind: z.enum(['event', 'marker']).optional().openapi({
    description: 'Absent: a marker where a clip is named, else an event.',
  }),
  name: eventNameField.openapi({ description: 'The name of its event kind, where there is one.' }),
  severity: severityField.default('info'),
  atNs: nsField,
  endNs: nsField.optional().openapi({ description: 'Absent: an instant.' }),
  label: labelField.optional(),
  data: smallJson.optional().openapi({ description: 'As the schema of its kind says.' }),
  values: z
    .record(z.string().min(1).max(64), value)
    .refine((members) => Object.keys(members).length <= 64, 'has more than 64 members')
    .default({}),
  tags: tagsField.default([]),
  externalId: z.string().min(1).max(128).optional().openapi({
    description: 'Your own name for it: told again for the same device it is the same event.',
  }),
  force: forceField,
};

export const eventBody = z.strictObject(bodyFields);
export type EventBody = z.infer<typeof eventBody>;
