/** Laws 5 to 8: forms, names, sizes and comments. */
import { basename } from 'node:path/posix';
import { isNode, type Node, walk } from './syntax.ts';
import { type Complaint, type Law, lineAt, type SourceFile } from './tree.ts';

const refusedWords = ['utils', 'util', 'helpers', 'helper', 'common', 'manager', 'misc'];

/** Synonyms that the glossary replaces, as whole words of file and exported names. */
const synonyms: Readonly<Record<string, string>> = {
  snippet: 'clip',
  bookmark: 'marker',
  spool: 'buffer',
  incident: 'failure',
  ticket: 'case',
  deployment: 'rollout',
  timestamp: 'log time',
};

/** Words of comments that speak of the code's past or future instead of what it is. */
const historyWords = /\b(previously|formerly|new approach|todo|fixme|xxx|hack|for now)\b/i;

const machinePath = /(?:^|[^\w.-])\/(?:work|farm|root|home\/[a-z]+|Users\/[a-z]+)\//i;

const limits = { fileLines: 400, functionLines: 70, columns: 100, parameters: 4 };
const functionTypes = new Set([
  'FunctionDeclaration',
  'FunctionExpression',
  'ArrowFunctionExpression',
]);
const largestFile = 1024 * 1024;

export const formsLaw: Law = (tree) =>
  authored(tree.sources).flatMap((file) => {
    const found: Complaint[] = [];
    walk(file.program, (node) => {
      const form = refusedForm(node);
      if (form !== undefined && !(form === 'a default export' && file.room === '')) {
        found.push(complain(file, node.start, 'forms', `${form} is refused`));
      }
    });
    return found;
  });

function refusedForm(node: Node): string | undefined {
  switch (node.type) {
    case 'ExportDefaultDeclaration':
      return 'a default export';
    case 'TSEnumDeclaration':
      return 'an enum';
    case 'TSModuleDeclaration':
      return 'a namespace';
    case 'TSParameterProperty':
      return 'a parameter property';
    case 'TSNonNullExpression':
      return 'a non-null assertion';
    default:
      return undefined;
  }
}

export const namesLaw: Law = (tree) =>
  authored(tree.sources).flatMap((file) => {
    const found: Complaint[] = [];
    const stem = basename(file.path).replace(/\.[a-z.]+$/, '');
    if (!/^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(stem) && !stem.startsWith('.')) {
      found.push(complain(file, 0, 'names', `the file name "${stem}" is not kebab-case`));
    }
    for (const part of file.path.split('/')) {
      const word = refusedWord(part.replace(/\.[a-z.]+$/, '').split('-'));
      if (word !== undefined) found.push(complain(file, 0, 'names', `"${part}" ${word}`));
    }
    for (const { name, start } of exportedNames(file.program)) {
      const words = name.split(/(?=[A-Z])|_/).map((word) => word.toLowerCase());
      const word = refusedWord(words);
      if (word !== undefined) found.push(complain(file, start, 'names', `"${name}" ${word}`));
      if (/^I[A-Z][a-z]/.test(name)) {
        found.push(complain(file, start, 'names', `"${name}" carries the prefix I`));
      }
    }
    return found;
  });

function refusedWord(words: readonly string[]): string | undefined {
  for (const word of words) {
    if (refusedWords.includes(word)) return `holds the empty word "${word}"`;
    const better = synonyms[word];
    if (better !== undefined) return `says "${word}"; the glossary says "${better}"`;
  }
  return undefined;
}

function exportedNames(program: Node): { name: string; start: number }[] {
  const names: { name: string; start: number }[] = [];
  walk(program, (node, parent) => {
    if (parent?.type !== 'ExportNamedDeclaration') return;
    const declared = node.type === 'VariableDeclaration' ? node['declarations'] : [node];
    for (const item of Array.isArray(declared) ? declared : []) {
      const id: unknown = isNode(item) ? item['id'] : undefined;
      if (isNode(id) && typeof id['name'] === 'string') {
        names.push({ name: id['name'], start: node.start });
      }
    }
  });
  return names;
}

export const sizesLaw: Law = (tree) =>
  authored(tree.sources).flatMap((file) => {
    const found: Complaint[] = [];
    const lines = file.text.endsWith('\n') ? file.lines.length - 1 : file.lines.length;
    if (lines > limits.fileLines) {
      found.push(
        complain(file, 0, 'sizes', `${lines} lines; a file has at most ${limits.fileLines}`),
      );
    }
    file.lines.forEach((line, i) => {
      if (line.length > limits.columns && !/['"`]|https?:/.test(line)) {
        const message = `${line.length} columns; a line has at most ${limits.columns}`;
        found.push({ ...complain(file, 0, 'sizes', message), line: i + 1 });
      }
    });
    for (const { node, ownLines } of functionsOf(file)) {
      if (ownLines > limits.functionLines && !file.isTest) {
        const message = `a function of ${ownLines} lines; it has at most ${limits.functionLines}`;
        found.push(complain(file, node.start, 'sizes', message));
      }
      const params = Array.isArray(node['params']) ? node['params'].length : 0;
      if (params > limits.parameters) {
        const message = `${params} parameters; a function has at most ${limits.parameters}`;
        found.push(complain(file, node.start, 'sizes', message));
      }
    }
    return found;
  });

/**
 * Every function with its lines; those of a function inside it count for that one, so that a
 * factory that returns a port is as long as what it says itself.
 */
function functionsOf(file: SourceFile): { node: Node; ownLines: number }[] {
  const found: { node: Node; ownLines: number }[] = [];
  const linesOf = (node: Node): number => lineAt(file, node.end) - lineAt(file, node.start) + 1;
  walk(file.program, (node) => {
    if (!functionTypes.has(node.type)) return;
    const outer = found.findLast((one) => one.node.start <= node.start && one.node.end >= node.end);
    if (outer !== undefined) outer.ownLines -= linesOf(node) - 1;
    found.push({ node, ownLines: linesOf(node) });
  });
  return found;
}

export const commentsLaw: Law = (tree) =>
  authored(tree.sources).flatMap((file) =>
    file.comments.flatMap(({ value, start }) => {
      const word = historyWords.exec(value)?.[0];
      if (word === undefined) return [];
      return [complain(file, start, 'comments', `a comment says "${word}"`)];
    }),
  );

export const bytesLaw: Law = (tree) => {
  const found: Complaint[] = [];
  for (const [path, size] of tree.sizes) {
    if (size > largestFile) {
      found.push(wholeFile(path, 'bytes', `${size} bytes; a file has at most ${largestFile}`));
    }
  }
  for (const [path, text] of tree.texts) {
    text.split('\n').forEach((line, i) => {
      if (!machinePath.test(line)) return;
      found.push({ ...wholeFile(path, 'bytes', 'names a path of one machine'), line: i + 1 });
    });
  }
  return found;
};

export const readmeLaw: Law = (tree) => {
  const found: Complaint[] = [];
  for (const room of tree.packages.keys()) {
    if (room === '') continue;
    const path = `${room}/README.md`;
    const text = tree.texts.get(path);
    if (text === undefined) found.push(wholeFile(path, 'readme', 'the room has no README.md'));
    else if (text.trimEnd().split('\n').length > 20) {
      found.push(wholeFile(path, 'readme', 'the README of a room has at most 20 lines'));
    }
  }
  return found;
};

const remedies: Readonly<Record<string, string>> = {
  forms: 'Use a named export, a union of strings or a plain module.',
  names: 'Say what it is in the words of the glossary (STYLE.md).',
  sizes: 'Split it where a second idea begins.',
  comments: 'Describe the code as it is.',
  bytes: 'Keep data and local paths out of the repository.',
  readme: 'Say what comes in, what goes out and what it may import.',
};

function authored(sources: readonly SourceFile[]): SourceFile[] {
  return sources.filter((file) => !file.isGenerated);
}

function complain(file: SourceFile, start: number, law: string, message: string): Complaint {
  return { ...wholeFile(file.path, law, message), line: lineAt(file, start) };
}

function wholeFile(path: string, law: string, message: string): Complaint {
  return { law, path, line: 1, message, remedy: remedies[law] ?? '' };
}
