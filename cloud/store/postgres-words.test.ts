/**
 * Goal: a step written once means the same on both databases, or is refused.
 * Method: statements of the restricted form and the words that PostgreSQL gets; all real steps run
 * on a real server in migrate.test.ts.
 */
import { expect, test } from 'vitest';
import { migrations } from './migrations/list.ts';
import { postgresWords } from './postgres-words.ts';

test.each([
  [
    'create table a (\n  seq integer primary key autoincrement,\n  text text not null\n) strict',
    'create table a (\n  seq bigint generated always as identity primary key,\n' +
      '  text text collate "C" not null\n)',
  ],
  [
    "create table a (x real, b text check (b in ('text, real', 'it''s')), primary key (b, x)) strict, without rowid",
    "create table a (x double precision, b text collate \"C\" check (b in ('text, real', 'it''s')), primary key (b, x))",
  ],
  [
    'create table a (b text not null check (json_valid(b)))',
    'create table a (b text collate "C" not null check ((b is null or (b)::json is not null)))',
  ],
  [
    'create table a (\n  check_at integer references b (integer), unique (check_at)) strict',
    'create table a (\n  check_at bigint references b (integer), unique (check_at))',
  ],
  ['alter table a add column text text', 'alter table a add column text text collate "C"'],
  ['create index i on a (b) where c is null', 'create index i on a (b) where c is null'],
  ["update a set b = 'integer' where c = 1", "update a set b = 'integer' where c = 1"],
])('%j', (statement, words) => {
  expect(postgresWords(statement)).toBe(words);
});

test.each([
  'create table a (b blob) strict',
  'create table a (b text',
  'pragma foreign_keys = off',
  'alter table a rename to b',
  'create trigger t',
])('%j has no words', (statement) => {
  expect(() => postgresWords(statement)).toThrow(TypeError);
});

test('every statement of every step has its words, and no type of SQLite is left', () => {
  for (const { name, statements } of migrations) {
    for (const statement of statements) {
      const words = postgresWords(statement);
      expect(words, name).not.toMatch(/json_valid|autoincrement|without rowid|\) strict/);
    }
  }
});
