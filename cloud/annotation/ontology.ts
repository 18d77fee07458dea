/**
 * What may be said of moments: classes, their attributes, and the guide that people read. An
 * ontology is its hash: a label names exactly the words that were known when it was given. Pure.
 */
import { canonicalJson, didYouMean, Fault, sha256Hex } from '@fieldloop/core';

export const attributeKinds = ['select', 'number', 'boolean', 'text'] as const;
export type AttributeKind = (typeof attributeKinds)[number];

export interface AttributeDefinition {
  readonly name: string;
  readonly kind: AttributeKind;
  /** Of a select. */
  readonly values?: readonly string[] | undefined;
}

export interface OntologyClass {
  readonly name: string;
  readonly says?: string | undefined;
  readonly colour?: string | undefined;
  readonly attributes?: readonly AttributeDefinition[] | undefined;
}

export interface OntologyDocument {
  readonly name: string;
  readonly classes: readonly OntologyClass[];
  /** Markdown. */
  readonly guide?: string | undefined;
}

export interface Ontology extends OntologyDocument {
  readonly sha256: string;
  /** Counts the versions of a name from 1. */
  readonly n: number;
  readonly createdBy: string;
  readonly createdAt: number;
}

export type AttributeValue = string | number | boolean;
export type Attributes = Readonly<Record<string, AttributeValue>>;

/** Without members that say nothing: what means the same has the same hash. */
export function canonicalOntology(document: OntologyDocument): string {
  const { name, classes, guide } = document;
  const plain = {
    name,
    classes: classes.map((one) => ({
      name: one.name,
      ...(one.says === undefined ? {} : { says: one.says }),
      ...(one.colour === undefined ? {} : { colour: one.colour }),
      ...(one.attributes === undefined || one.attributes.length === 0
        ? {}
        : {
            attributes: one.attributes.map((attribute) => ({
              name: attribute.name,
              kind: attribute.kind,
              ...(attribute.values === undefined ? {} : { values: [...attribute.values] }),
            })),
          }),
    })),
    ...(guide === undefined ? {} : { guide }),
  };
  return canonicalJson(plain);
}

export const ontologyHash = (document: OntologyDocument): string =>
  sha256Hex(canonicalOntology(document));

/** Fault `invalid` for names that are there twice and for a select without values. */
export function checkOntology({ classes }: OntologyDocument): void {
  const twice = repeated(classes.map(({ name }) => name));
  if (twice !== undefined) throw wrong(`/body/classes/${twice}/name`, 'a class is there twice');
  for (const [i, { attributes = [] }] of classes.entries()) {
    const again = repeated(attributes.map(({ name }) => name));
    const place = `/body/classes/${i}/attributes`;
    if (again !== undefined) throw wrong(`${place}/${again}/name`, 'an attribute is there twice');
    for (const [j, { kind, values }] of attributes.entries()) {
      if ((kind === 'select') === (values !== undefined && values.length > 0)) continue;
      throw wrong(`${place}/${j}/values`, 'a select has values, and nothing else has');
    }
  }
}

const wrong = (place: string, message: string): Fault =>
  new Fault('invalid', message, {
    place,
    remedy: 'Give each name once, and selects their values.',
  });

function repeated(names: readonly string[]): number | undefined {
  const at = names.findIndex((name, i) => names.indexOf(name) < i);
  return at < 0 ? undefined : at;
}

/** Fault `invalid` with the nearest class for a name off the ontology. */
export function demandClass(ontology: Ontology, name: string, place: string): OntologyClass {
  const found = ontology.classes.find((one) => one.name === name);
  if (found !== undefined) return found;
  const known = ontology.classes.map((one) => one.name);
  const asked = name.slice(0, 64);
  throw new Fault(
    'invalid',
    `"${asked}" is no class of ${ontology.name}.${didYouMean(asked, known)}`,
    { place, remedy: `Choose from: ${known.slice(0, 20).join(', ')}.` },
  );
}

/** Fault `invalid` for an attribute that the class lacks, or a value that it cannot have. */
export function demandAttributes(
  of: OntologyClass,
  attributes: Attributes | undefined,
  place: string,
): void {
  const known = of.attributes ?? [];
  for (const [name, value] of Object.entries(attributes ?? {})) {
    const at = `${place}/attributes/${name}`;
    const definition = known.find((one) => one.name === name);
    if (definition === undefined) {
      const names = known.map((one) => one.name);
      throw new Fault(
        'invalid',
        `${of.name} has no attribute "${name.slice(0, 64)}".${didYouMean(name, names)}`,
        { place: at, remedy: names.length === 0 ? 'Leave it out.' : `It has ${names.join(', ')}.` },
      );
    }
    if (fits(definition, value)) continue;
    const wanted = definition.values?.join(', ') ?? definition.kind;
    throw new Fault('invalid', `"${String(value).slice(0, 64)}" is no value of ${name}`, {
      place: at,
      remedy: `Give ${definition.kind === 'select' ? 'one of' : 'a'} ${wanted}.`,
    });
  }
}

function fits({ kind, values }: AttributeDefinition, value: AttributeValue): boolean {
  if (kind === 'select') return typeof value === 'string' && values?.includes(value) === true;
  if (kind === 'number') return typeof value === 'number' && Number.isFinite(value);
  return typeof value === (kind === 'text' ? 'string' : 'boolean');
}
