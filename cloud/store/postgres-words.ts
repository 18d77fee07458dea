/**
 * A migration statement in PostgreSQL's words. Steps are written once, in SQLite's words and in a
 * restricted form: `create table` with the types integer, real and text, `create index`, `alter
 * table … add column`, and plain insert, update and delete. What else it meets is a bug of the
 * step, and is said.
 */

const types: Readonly<Record<string, string>> = {
  integer: 'bigint',
  real: 'double precision',
  // The order of texts is the order of their bytes, as in SQLite, whatever the server's locale.
  text: 'text collate "C"',
};

/** Words that begin a table's own constraint, where a column would begin with its name. */
const constraints = ['primary', 'unique', 'check', 'foreign', 'constraint'];

const passed = /^\s*(create (unique )?index|drop index|insert into|update|delete from)\s/;

/** Throws a TypeError for a statement outside the restricted form. */
export function postgresWords(statement: string): string {
  if (passed.test(statement)) return statement;
  if (/^\s*create table\s/.test(statement)) return table(tokensOf(statement));
  if (/^\s*alter table \w+ add column\s/.test(statement)) return addedColumn(tokensOf(statement));
  throw new TypeError(`no words in PostgreSQL for: ${statement.trim().slice(0, 80)}`);
}

/** String literals, words, white space, and every other character by itself. */
const tokensOf = (text: string): readonly string[] =>
  text.match(/'(?:[^']|'')*'|\w+|\s+|[^]/g) ?? [];

const isWord = (token: string): boolean => /^\w/.test(token);

function table(tokens: readonly string[]): string {
  const out: string[] = [];
  let depth = 0;
  let words = 0;
  for (const token of tokens) {
    if (token === ')') {
      depth -= 1;
      // What follows the table's last bracket is `strict` and `without rowid`.
      if (depth === 0) return checked(`${out.join('')})`);
    }
    if (depth === 1 && isWord(token)) {
      words = words === 0 && constraints.includes(token) ? Number.POSITIVE_INFINITY : words + 1;
    }
    out.push(depth === 1 && words === 2 && isWord(token) ? typeOf(token) : token);
    if (token === '(') depth += 1;
    if (depth === 1 && (token === ',' || token === '(')) words = 0;
  }
  throw new TypeError(`the brackets do not close: ${tokens.join('').trim().slice(0, 80)}`);
}

function addedColumn(tokens: readonly string[]): string {
  // alter, table, <table>, add, column, <column>, <type>
  let words = 0;
  const out = tokens.map((token) => {
    if (isWord(token)) words += 1;
    return isWord(token) && words === 7 ? typeOf(token) : token;
  });
  return checked(out.join(''));
}

function typeOf(word: string): string {
  const type = types[word];
  if (type === undefined) throw new TypeError(`no type in PostgreSQL for "${word}"`);
  return type;
}

const checked = (text: string): string =>
  text
    .replaceAll(
      /bigint primary key autoincrement\b/g,
      'bigint generated always as identity primary key',
    )
    // The type json takes what json_valid takes; jsonb would refuse a null character.
    .replaceAll(/\bjson_valid\((\w+)\)/g, '($1 is null or ($1)::json is not null)');
