/** The settings of the programs that show recordings: the public ones, or a site's own. */
import { Fault } from '@fieldloop/core';

/** Addresses that take `ds=remote-file` and `ds.url=`. */
export interface Viewers {
  readonly lichtblick: string;
  readonly foxglove: string;
}

export const viewerKeys = ['lichtblickUrl', 'foxgloveUrl'] as const;
type ViewerKey = (typeof viewerKeys)[number];

export const publicViewers: Viewers = {
  lichtblick: 'https://lichtblick-suite.github.io/lichtblick/',
  foxglove: 'https://app.foxglove.dev/~/view',
};

/** Fault `invalid` with the place of the setting. */
export function viewersOf(
  settings: Readonly<Partial<Record<ViewerKey, string>>>,
  placeOf: (key: ViewerKey) => string,
): Viewers {
  const { lichtblickUrl, foxgloveUrl } = settings;
  if (lichtblickUrl !== undefined) demandWeb(lichtblickUrl, placeOf('lichtblickUrl'));
  if (foxgloveUrl !== undefined) demandWeb(foxgloveUrl, placeOf('foxgloveUrl'));
  return {
    lichtblick: lichtblickUrl ?? publicViewers.lichtblick,
    foxglove: foxgloveUrl ?? publicViewers.foxglove,
  };
}

function demandWeb(text: string, place: string): void {
  const protocol = URL.canParse(text) ? new URL(text).protocol : '';
  if (protocol === 'https:' || protocol === 'http:') return;
  throw new Fault('invalid', `"${text.slice(0, 120)}" is not the address of a viewer`, {
    place,
    remedy:
      'Write the address under which a browser opens it, such as https://viewer.example.com/.',
  });
}

/** A link that opens this file there, at a log time: both viewers take the same parameters. */
export function viewerLink(viewer: string, file: string, atNs: bigint): string {
  const link = new URL(viewer);
  link.searchParams.set('ds', 'remote-file');
  link.searchParams.set('ds.url', file);
  link.searchParams.set('time', nanosecondText(atNs));
  return link.href;
}

/** RFC 3339 with all nine digits. */
function nanosecondText(ns: bigint): string {
  const second = new Date(Number(ns / 1_000_000_000n) * 1000).toISOString().slice(0, 19);
  return `${second}.${String(ns % 1_000_000_000n).padStart(9, '0')}Z`;
}
