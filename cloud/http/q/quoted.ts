/** A text as a query writes it: bare where that is read as the same text, else in quotes. */
export const quoted = (text: string): string =>
  /^[\p{L}_/][\p{L}\p{N}_./@-]*$/u.test(text) && !text.includes('..')
    ? text
    : `"${text.replaceAll(/["\\]/gu, '\\$&')}"`;
