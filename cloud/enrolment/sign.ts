/**
 * The way in for a robot that reaches no enrolment listener: an operator brings its certificate
 * request and takes the certificate back. What it gives and takes away is what a claim token does.
 */
import { Fault } from '@fieldloop/core';
import type { Ca } from '../auth/ca.ts';
import { certificateStore } from '../auth/certificates.ts';
import { admit, nameFor } from '../auth/enrol.ts';
import { checkRequest } from '../auth/x509.ts';
import { authorize } from '../http/caller.ts';
import type { NounDeps } from '../http/deps.ts';
import { deviceNameField } from '../http/fields.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import type { Db } from '../store/db.ts';
import { isKnownLiving } from '../store/device-ref.ts';
import { enrolBodyBytes } from '../wire-limits.ts';
import { enrolmentJson, enrolmentSchema } from './json.ts';
import { enrolmentStore } from './store.ts';

export interface SigningDeps extends NounDeps {
  readonly ca: Pick<Ca, 'rootPem' | 'chainPem' | 'issueDevice'>;
  /** `mqtts://host:port` that robots are told to connect to. */
  brokerUrl(): string;
  /** An enrolled robot got a new key. */
  onReplaced(device: string): void;
}

const body = z.strictObject({
  csr: z.string().min(1).max(enrolBodyBytes).openapi({
    description: 'PKCS #10 in PEM, as `fieldloop-agent enroll --csr` writes it.',
  }),
  device: deviceNameField.optional().openapi({
    description: 'The name the robot gets; else it proposes one.',
  }),
  site: z.string().min(1).max(64).optional(),
});

const signed = enrolmentSchema
  .extend({
    keySha256: z
      .string()
      .openapi({ description: 'SHA-256 of the public key: the robot shows it.' }),
    file: z.string().openapi({
      description:
        'What `fieldloop-agent enroll --cert` takes: a line `broker: URL`, then in PEM the ' +
        'certificate, its issuer and the root.',
    }),
  })
  .openapi('SignedEnrolment');

export const signRequest = (deps: SigningDeps): Operation =>
  operation(
    {
      id: 'createEnrolment',
      tag: 'enrolments',
      method: 'post',
      path: '/v1/enrolments',
      summary: 'Sign the certificate request of a robot that has no network to enrol by',
      description:
        'The name of a device that is there moves to this key, and its certificate of before ' +
        'ends: that takes `device`, and devices:admin, like revoke. The same request again gets ' +
        'the same certificate while that is in force.',
      right: 'claimTokens:write',
      faults: ['conflict'],
    },
    { body, answer: { status: 201, description: 'The certificate.', schema: signed } },
    async (call) => {
      const { csr, device: bound, site } = call.body;
      const request = await checkRequest(csr);
      const name = nameFor(request, bound);
      // Signed before the transaction: a signature is not worth holding the write lock for.
      const issued = await deps.ca.issueDevice(name, request);
      let isReplaced = false;
      const answer = await call.change(async (trx) => {
        const at = deps.clock.now();
        const isKnown = await isKnownLiving(trx, name);
        const before = await certificateStore(trx).forKey(name, request.keySha256);
        if (before?.state === 'active' && before.notAfter > at) {
          return await answerOf(trx, before, deps);
        }
        if (isKnown && bound === undefined) throw nameTaken(name);
        if (isKnown && call.caller !== undefined) authorize(call.caller, 'devices:admin');
        const admission = { name, bound, site, request, issued, at };
        const { deviceId, replaced } = await admit({ ...deps, db: trx }, admission);
        isReplaced = replaced;
        const { fingerprint } = issued;
        await call.audit(trx, {
          action: replaced ? 'device.re_enrol' : 'device.enrol',
          subject: deviceId,
          detail: { device: name, keySha256: request.keySha256, fingerprint },
        });
        const given = { fingerprint, pem: issued.pem, keySha256: request.keySha256 };
        return await answerOf(trx, given, deps);
      });
      if (isReplaced) deps.onReplaced(name);
      return answer;
    },
  );

async function answerOf(
  trx: Db,
  given: { readonly fingerprint: string; readonly pem: string; readonly keySha256: string },
  { ca, clock, ...deps }: SigningDeps,
): Promise<z.infer<typeof signed>> {
  const { fingerprint, pem, keySha256 } = given;
  const found = await enrolmentStore(trx).get(fingerprint);
  if (found === undefined) throw new TypeError('a certificate has no row after it was added');
  const blocks = [pem, ca.chainPem, ca.rootPem].map((one) => `${one.trim()}\n`).join('');
  const file = `broker: ${deps.brokerUrl()}\n${blocks}`;
  return { ...enrolmentJson(found, clock.now()), keySha256, file };
}

function nameTaken(name: string): Fault {
  return new Fault('conflict', `the name ${name} is taken by another device`, {
    place: '/body/csr',
    remedy: `Choose another device.name on the robot, or sign with --device ${name} to replace it.`,
  });
}
