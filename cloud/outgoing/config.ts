/** The setting that says where messages may go. */
import { Fault } from '@fieldloop/core';

export const outgoingKeys = ['webhooksAllowPrivate'] as const;

export interface OutgoingConfig {
  /** Receivers with private and loopback addresses, and plain http, are allowed. */
  readonly webhooksAllowPrivate: boolean;
}

/** Fault `invalid` for anything but true and false. */
export function outgoingOf(
  settings: Partial<Record<(typeof outgoingKeys)[number], string>>,
  placeOf: (key: (typeof outgoingKeys)[number]) => string,
): OutgoingConfig {
  const said = settings.webhooksAllowPrivate ?? 'false';
  if (said === 'true' || said === 'false') return { webhooksAllowPrivate: said === 'true' };
  throw new Fault('invalid', `"${said.slice(0, 40)}" is neither true nor false`, {
    place: placeOf('webhooksAllowPrivate'),
    remedy: 'Write true to let webhooks and channels call private addresses, else false.',
  });
}
