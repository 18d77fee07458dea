/** URLs of receivers, as people give them. */
import { Fault } from '@fieldloop/core';
import { z } from '../http/openapi.ts';

export const urlField = z
  .string()
  .max(2048)
  .regex(/^https?:\/\/[^\s/?#]+(?:[/?][^\s#]*)?$/, {
    error: 'is not the URL of a receiver: write https://HOST/PATH',
  })
  .openapi({ example: 'https://example.com/fieldloop' });

/** Faults `invalid` for what nothing should be sent to. */
export function checkUrl(text: string, pointer: string, allowPrivate: boolean): URL {
  const refuse = (message: string, remedy: string): Fault =>
    new Fault('invalid', message, { place: pointer, remedy });
  const url = URL.parse(text);
  if (url === null) throw refuse('this is no URL', 'Write https://HOST/PATH.');
  if (url.username !== '' || url.password !== '') {
    throw refuse(
      'a URL with a user name and password would show them',
      'Leave them out: messages are signed, check the signature.',
    );
  }
  if (url.protocol !== 'https:' && !allowPrivate) {
    throw refuse(
      'messages go to public receivers by https alone',
      'Write https://, or allow private receivers in the settings of the cloud.',
    );
  }
  return url;
}

/** Many addresses hold a token: who may not change them sees where they lead, and no more. */
export const hiddenUrl = (url: string): string => `${new URL(url).origin}/…`;
