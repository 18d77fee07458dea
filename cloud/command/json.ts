/** A command as the API shows it, and what may be asked for. */
import { commandKinds } from '@fieldloop/proto';
import { instantField, instantText } from '../http/fields.ts';
import { listAnswer, type Listing } from '../http/list.ts';
import { z } from '../http/openapi.ts';
import { type Command, commandStates } from './command.ts';

const input = z.record(z.string(), z.unknown()).openapi({
  description:
    'By kind: clip_now {preS, postS, topics?, reason, severity?}, pull {clip, topics?, startNs?, ' +
    'endNs?}, log_level {level}, refresh {section}; restart, ping and diagnose take nothing.',
  example: { preS: 30, postS: 10, reason: 'strange noise' },
});

export const commandSchema = z
  .object({
    id: z.string().openapi({ example: 'cmd_01JC0000000000000000000000' }),
    device: z.string(),
    kind: z.enum(commandKinds),
    input,
    state: z.enum(commandStates).openapi({
      description:
        'queued: waits for the device; sent: given to its connection; acknowledged: on its disk; ' +
        'running; done, failed: its word; expired: nobody fetched it in time; cancelled.',
    }),
    by: z.string().openapi({ description: 'Key, person or part of the cloud that asked.' }),
    expiresAt: instantField,
    sentAt: instantField.optional(),
    acknowledgedAt: instantField.optional(),
    endedAt: instantField.optional(),
    result: z.record(z.string(), z.unknown()).optional(),
    problem: z
      .object({ code: z.string(), message: z.string(), remedy: z.string().optional() })
      .optional(),
    createdAt: instantField,
    updatedAt: instantField,
    version: z.int(),
  })
  .openapi('Command');

export type CommandJson = z.infer<typeof commandSchema>;

export const commandPage = listAnswer('CommandPage', commandSchema);

export type CommandPage = Listing<CommandJson>;

/** Inputs are checked by kind, with the very schemas that the device uses. */
export const newCommand = z
  .strictObject({
    kind: z.enum(commandKinds).openapi({ example: 'ping' }),
    input: input.default({}),
    expiresInS: z
      .int()
      .min(1)
      .optional()
      .openapi({ description: 'A device that is not back by then does not run it.', example: 60 }),
  })
  .openapi('NewCommand');

export function commandJson(command: Command, device: string): CommandJson {
  const { deviceId: _, sentAt, acknowledgedAt, endedAt, result, ...same } = command;
  const time = (name: string, at: number | undefined) =>
    at === undefined ? {} : { [name]: instantText(at) };
  return {
    ...same,
    device,
    input: { ...command.input },
    expiresAt: instantText(command.expiresAt),
    ...time('sentAt', sentAt),
    ...time('acknowledgedAt', acknowledgedAt),
    ...time('endedAt', endedAt),
    ...(result === undefined ? {} : { result: result as Record<string, unknown> }),
    createdAt: instantText(command.createdAt),
    updatedAt: instantText(command.updatedAt),
  };
}
