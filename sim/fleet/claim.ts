/** Claim tokens from a cloud's public API, for devices that have no identity yet. */
import { Fault } from '@fieldloop/core';

export function claimTokens(
  cloud: string,
  key: string,
): (device: string, site: string) => Promise<string> {
  return async (device, site) => {
    const place = new URL('/v1/claimTokens', cloud).href;
    const response = await fetch(place, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ device, site }),
    });
    const text = await response.text();
    const { token } = (response.ok ? JSON.parse(text) : {}) as { readonly token?: string };
    if (token !== undefined) return token;
    throw new Fault('forbidden', `no claim token for ${device}: ${text.slice(0, 300)}`, {
      place,
      remedy: 'Use a key that may make claim tokens, such as the one in admin.key.',
    });
  };
}
