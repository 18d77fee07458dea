/** What stands in an expression beside its operators: texts between quotes, and comments (CEL). */

const literal = [
  String.raw`(?<!\w)[rR](?:"""[^]*?"""|'''[^]*?'''|"[^"\n]*"|'[^'\n]*')`,
  String.raw`"""(?:\\[^]|[^\\])*?"""|'''(?:\\[^]|[^\\])*?'''`,
  String.raw`"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'`,
].join('|');
const literalOrComment = new RegExp(String.raw`${literal}|//[^\n]*`, 'g');
const literalOrBreak = new RegExp(String.raw`(${literal})|\s*\n\s*`, 'g');

/** Blanks where comments stand; every other character keeps its place. */
export function withoutComments(text: string): string {
  return text.replaceAll(literalOrComment, (found) =>
    found.startsWith('//') ? ' '.repeat(found.length) : found,
  );
}

/** Blanks where texts stand as well: what is left are operators, names, numbers and brackets. */
export function withoutLiterals(text: string): string {
  return text.replaceAll(literalOrComment, (found) => ' '.repeat(found.length));
}

/** On one line, without comments; texts keep their own lines. */
export function onOneLine(text: string): string {
  return withoutComments(text)
    .trim()
    .replaceAll(literalOrBreak, (_, kept: string | undefined) => kept ?? ' ');
}
