/** Mail over SMTP: the only file that imports nodemailer, when the first mail is sent. */
import type { Outcome } from '../outgoing/delivery.ts';
import { printable } from '../outgoing/post.ts';
import type { ChannelConfig } from './channel.ts';

type MailConfig = Extract<ChannelConfig, { kind: 'mail' }>;

export interface Mail {
  readonly subject: string;
  readonly text: string;
  /** The same for every try, so that a mailbox can tell a message that came twice. */
  readonly messageId: string;
}

/** Never throws for what the server does or fails to do. */
export async function sendMail(
  config: MailConfig,
  mail: Mail,
  options: {
    readonly password: string | undefined;
    readonly timeoutMs: number;
    /** Authorities besides the known ones. */
    readonly ca?: string | undefined;
  },
): Promise<Outcome> {
  const { host, port, security, username, from, to } = config;
  const { createTransport } = await import('nodemailer');
  const transport = createTransport({
    host,
    port,
    secure: security === 'tls',
    requireTLS: security === 'starttls',
    ignoreTLS: security === 'none',
    ...(username === undefined ? {} : { auth: { user: username, pass: options.password ?? '' } }),
    tls: { minVersion: 'TLSv1.2', ...(options.ca === undefined ? {} : { ca: options.ca }) },
    connectionTimeout: options.timeoutMs,
    greetingTimeout: options.timeoutMs,
    socketTimeout: options.timeoutMs,
    dnsTimeout: options.timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  try {
    const info = await transport.sendMail({
      from,
      to: [...to],
      subject: mail.subject,
      text: mail.text,
      messageId: mail.messageId,
      headers: { 'Auto-Submitted': 'auto-generated' },
    });
    const answer = printable(info.response);
    const status = Number(/^\d{3}/.exec(answer)?.[0] ?? 250);
    const refused = info.rejected.map(String);
    if (refused.length === 0) return { ok: true, status, answer };
    return {
      ok: false,
      status,
      answer,
      error: printable(`The mail server refused ${refused.join(', ')}. Check these addresses.`),
    };
  } catch (error) {
    return failed(error);
  } finally {
    transport.close();
  }
}

const remedies: Readonly<Record<string, string>> = {
  EAUTH: 'Check the user name and the password.',
  ETLS: 'The server has no STARTTLS or its certificate does not hold: check port and security.',
  EDNS: 'Check the name of the server.',
  ESOCKET: 'Check host, port, security and the certificate of the server.',
  ECONNECTION: 'Check host and port, and that the server can be reached from the cloud.',
  ETIMEDOUT: 'Check host and port: nothing answered there.',
  EENVELOPE: 'Check the addresses: the server refused the sender or all receivers.',
  EMESSAGE: 'The server refused the message: look at its answer.',
};

function failed(error: unknown): Outcome {
  const { code, response, responseCode, message } = error as {
    readonly code?: string;
    readonly response?: string;
    readonly responseCode?: number;
    readonly message?: string;
  };
  const remedy = remedies[code ?? ''] ?? 'Check host, port, security and addresses.';
  return {
    ok: false,
    ...(responseCode === undefined ? {} : { status: responseCode }),
    ...(response === undefined ? {} : { answer: printable(response) }),
    error: printable(`The mail was not taken (${code ?? message ?? 'unknown'}). ${remedy}`),
  };
}
