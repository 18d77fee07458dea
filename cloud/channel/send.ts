/** How a notification is told by each kind of channel. */
import type { Outcome } from '../outgoing/delivery.ts';
import { type Notification, subjectOf, textOf } from '../outgoing/notification.ts';
import type { SendDeps } from '../outgoing/options.ts';
import { post } from '../outgoing/post.ts';
import { signature, signatureHeader } from '../outgoing/sign.ts';
import type { Channel, ChannelSecret } from './channel.ts';
import { sendMail } from './mail.ts';

export interface Told {
  /** Of the delivery: the same for every try. */
  readonly id: string;
  readonly notification: Notification;
}

/** Never throws for what a receiver does. */
export async function tell(
  channel: Channel,
  secret: ChannelSecret,
  told: Told,
  deps: SendDeps,
): Promise<Outcome> {
  const { config } = channel;
  switch (config.kind) {
    case 'webhook':
      return await tellProgram(config.url, secret.secret, told, deps);
    case 'slack':
      return await tellSlack(secret.url, told, deps);
    case 'mail':
      return await sendMail(
        config,
        {
          subject: subjectOf(told.notification),
          text: textOf(told.notification),
          messageId: `<${told.id}@${config.from.split('@')[1] ?? 'fieldloop'}>`,
        },
        { password: secret.password, timeoutMs: deps.timeoutMs, ca: deps.mailCa },
      );
  }
}

async function tellProgram(
  url: string,
  secret: string | undefined,
  { id, notification }: Told,
  deps: SendDeps,
): Promise<Outcome> {
  const body = JSON.stringify({ id, kind: 'notification', data: notification });
  return await post(
    {
      url,
      body,
      timeoutMs: deps.timeoutMs,
      headers: {
        'content-type': 'application/json',
        'user-agent': deps.userAgent,
        'fieldloop-id': id,
        'fieldloop-kind': 'notification',
        ...(secret === undefined
          ? {}
          : { [signatureHeader]: signature([secret], body, deps.now()) }),
      },
    },
    deps.rules,
  );
}

/** Incoming webhooks of Slack, and of Mattermost, Rocket.Chat and others that take its form. */
async function tellSlack(
  url: string | undefined,
  { notification }: Told,
  deps: SendDeps,
): Promise<Outcome> {
  if (url === undefined) return { ok: false, error: 'The channel has no URL. Change it.' };
  const text = `*${escaped(subjectOf(notification))}*\n${escaped(textOf(notification))}`;
  return await post(
    {
      url,
      body: JSON.stringify({ text }),
      timeoutMs: deps.timeoutMs,
      headers: { 'content-type': 'application/json', 'user-agent': deps.userAgent },
    },
    deps.rules,
  );
}

/** Slack reads these three characters as its own marks; a text of ours must not mention anybody. */
const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
