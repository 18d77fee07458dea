/** What a model takes and gives: declared before it is trained, compared after. Pure. */
import { didYouMean, Fault, type Json } from '@fieldloop/core';
import { parseClassifier } from '@fieldloop/learning';
import type { Model } from '../model/model.ts';
import type { Declaration, Result } from './contract-names.ts';
import type { Config } from './training.ts';

/** Of a model without versions. Fault `conflict` when nobody declared it. */
export function demandDeclaration(model: Pick<Model, 'name' | 'declaration'>): Declaration {
  if (model.declaration !== undefined) return model.declaration as unknown as Declaration;
  throw new Fault('conflict', `the model ${model.name} has no version and no declaration`, {
    remedy:
      'Import a first version with `fieldloop models import FOLDER`, or declare what it takes and ' +
      'gives with `fieldloop models declare`.',
  });
}

/** model.yaml without golden pairs and version, checked. Fault `invalid` names the place. */
export function checkDeclaration(value: Json): Declaration {
  const given = value as unknown as Declaration;
  parseClassifier(withGolden(given));
  return given;
}

/** With a pair of zeros, so that the parser of whole documents can judge it. */
function withGolden(given: Declaration): object {
  // Nobody has checked it yet: parts may be missing, whatever its type says.
  const { input, output, classes }: Partial<Declaration> = given;
  const { size, width = 0, height = 0, colour } = input ?? {};
  const inputs = size ?? width * height * (colour === 'gray' ? 1 : 3);
  const logits = output?.logits ?? '';
  const heads = typeof logits === 'string' ? 1 : logits.length;
  const pair = { input: zeros(inputs), output: zeros((classes ?? []).length * heads) };
  return { ...given, version: '0', golden: [pair] };
}

const zeros = (length: number): number[] =>
  Array.from({ length: Math.max(1, Math.min(length, 50_000_000)) }, () => 0);

/** Of a version's model.yaml. */
export function declarationOf(document: Json): Declaration {
  const {
    golden: _golden,
    version: _version,
    ...same
  } = document as Readonly<Record<string, Json>>;
  return same as unknown as Declaration;
}

/** Fault `invalid` when labels name a class that the model does not have. */
export function demandClasses(
  labelled: readonly string[],
  of: { readonly classes: readonly string[]; readonly config: Config; readonly breaking: boolean },
): void {
  const wanted = of.config['classes'];
  const classes = Array.isArray(wanted) ? wanted.map(String) : of.classes;
  if (classes.join('\n') !== of.classes.join('\n') && !of.breaking) {
    throw new Fault('invalid', 'other classes, or another order, break what robots expect', {
      place: '/body/config/classes',
      remedy: 'Say breaking: true when that is meant.',
    });
  }
  const strange = labelled.find((name) => !classes.includes(name));
  if (strange === undefined) return;
  throw new Fault('invalid', `labels of this version say "${strange}", no class of the model`, {
    place: '/body/datasetVersion',
    remedy: `Its classes are ${classes.join(', ')}.${didYouMean(strange, classes)}`,
  });
}

export interface Difference {
  readonly code: 'shape_changed' | 'classes_changed';
  readonly message: string;
}

/** What a result has that its base, or the declaration of the model, has not. */
export function differencesOf(
  result: Pick<Result, 'input' | 'output' | 'classes'>,
  declared: Declaration,
  expects: { readonly input: readonly (number | string)[]; readonly classes: readonly string[] },
): readonly Difference[] {
  const found: Difference[] = [];
  const shape = (message: string): void => void found.push({ code: 'shape_changed', message });
  if (result.input.name !== declared.input.name) {
    shape(`the input is called ${result.input.name}, not ${declared.input.name}`);
  }
  if (unbatched(result.input.shape) !== unbatched(expects.input)) {
    shape(`the input is ${result.input.shape.join(' x ')}, not ${expects.input.join(' x ')}`);
  }
  const [logits, wanted] = [result.output.logits, declared.output.logits].map(String);
  if (logits !== wanted) shape(`the output is called ${logits}, not ${wanted}`);
  if (result.classes.join('\n') !== expects.classes.join('\n')) {
    const message = `its classes are ${result.classes.join(', ')}, not ${expects.classes.join(', ')}`;
    found.push({ code: 'classes_changed', message });
  }
  return found;
}

/** The first dimension is how many at once. */
const unbatched = (shape: readonly (number | string)[]): string => shape.slice(1).join(' x ');
