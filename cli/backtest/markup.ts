/** Text as it stands in HTML and SVG: what recordings and rules say is never markup. */
const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export const escaped = (text: string): string =>
  text
    .replaceAll(/[&<>"']/g, (letter) => entities[letter] ?? letter)
    .replaceAll(/[^\P{Cc}\n\t]/gu, ' ');

/** Rows under titles; cells are text, numbers stand at the right. */
export function tableHtml(
  caption: string,
  titles: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string {
  const head = titles.map((title) => `<th scope="col">${escaped(title)}</th>`).join('');
  // A column is of numbers when its first cell is one.
  const isNumber = (i: number): boolean =>
    /^\d[\d.]*(?:$| %| [KMGT]?i?B| \(| s$)/.test(String(rows[0]?.[i] ?? ''));
  const body = rows.map((cells) => {
    const [first, ...rest] = cells.map((cell) => escaped(String(cell)));
    const others = rest.map((cell, i) =>
      isNumber(i + 1) ? `<td class="n">${cell}</td>` : `<td>${cell}</td>`,
    );
    return `<tr><th scope="row">${first ?? ''}</th>${others.join('')}</tr>`;
  });
  return [
    `<div class="wide"><table><caption>${escaped(caption)}</caption>`,
    `<thead><tr>${head}</tr></thead><tbody>${body.join('\n')}</tbody></table></div>`,
  ].join('\n');
}
