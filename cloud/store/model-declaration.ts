/** A declaration that somebody wrote is judged by the parser of whole documents. */
import { Fault, type Json } from '@fieldloop/core';
import { checkDeclaration as checked } from '../training/declaration.ts';

/** Fault `invalid` names the place, also when it is another model's. */
export function checkDeclaration(declaration: Json, name: string): void {
  const { id } = checked(declaration);
  if (id === name) return;
  throw new Fault('invalid', `the declaration is that of "${id}", not of "${name}"`, {
    place: '/body/declaration/id',
    remedy: 'Let id in the declaration be the name of the model.',
  });
}
