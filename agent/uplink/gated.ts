/** Downloads as the policy of a network lets them through: what may not come is not asked for. */
import type { Allowance } from './allowance.ts';
import type { Downloads } from './downloads.ts';

export type GatedDownloads = Pick<
  Downloads,
  'isWanted' | 'tick' | 'receive' | 'chunk' | 'linkLost'
>;

export function gated(downloads: Downloads, allowance: Pick<Allowance, 'permit'>): GatedDownloads {
  const mayCome = (): boolean => allowance.permit.downloads;
  return {
    get isWanted() {
      return mayCome() && downloads.isWanted;
    },
    tick(send) {
      if (mayCome()) downloads.tick(send);
    },
    // An Open that comes late stays without an answer; what is wanted is asked for again.
    receive: (message) => (message.kind === 'open' && !mayCome()) || downloads.receive(message),
    chunk: (payload) => downloads.chunk(payload),
    linkLost: () => downloads.linkLost(),
  };
}
