import { instantField, instantText } from '../http/fields.ts';
import { z } from '../http/openapi.ts';
import { type Enrolment, enrolmentState } from './enrolment.ts';

export const enrolmentSchema = z
  .object({
    id: z.string().openapi({ description: 'SHA-256 of the certificate.' }),
    device: z.string(),
    serial: z.string(),
    state: z.enum(['active', 'superseded', 'revoked', 'expired']),
    issuedAt: instantField,
    notAfter: instantField,
    endedAt: instantField.optional(),
  })
  .openapi('Enrolment');

type EnrolmentJson = z.infer<typeof enrolmentSchema>;

export function enrolmentJson(one: Enrolment, now: number): EnrolmentJson {
  const { fingerprint, issuedAt, notAfter, endedAt, ...same } = one;
  return {
    id: fingerprint,
    ...same,
    state: enrolmentState(one.state, notAfter, now),
    issuedAt: instantText(issuedAt),
    notAfter: instantText(notAfter),
    ...(endedAt === undefined ? {} : { endedAt: instantText(endedAt) }),
  };
}
