/** The rule sets that come with Fieldloop, into the registry. */
import { loadLibrary, type LibraryEntry } from '@fieldloop/rules';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import type { Db } from '../store/db.ts';
import type { RuleDeps } from './deps.ts';
import { ruleSetStore } from './store.ts';

const imported = z
  .object({
    items: z.array(
      z.object({
        id: z.string(),
        name: z.string(),
        n: z.int(),
        digest: z.string(),
        isNew: z.boolean().openapi({ description: 'False: this text was there already.' }),
      }),
    ),
  })
  .openapi('ImportedRuleSets');

export type ImportedRuleSets = z.infer<typeof imported>;

export const importOperation = (deps: RuleDeps): Operation =>
  operation(
    {
      id: 'importRuleSets',
      tag: 'ruleSets',
      method: 'post',
      path: '/v1/ruleSets:import',
      summary: 'Save the rule sets that come with Fieldloop',
      description: 'Each becomes a rule set of its own name, or the next version of it.',
      right: 'ruleSets:write',
    },
    {
      body: z.strictObject({}),
      answer: { status: 200, description: 'What is there now.', schema: imported },
    },
    async (call) => {
      const library = await loadLibrary();
      return await call.change(async (trx) => {
        const items: ImportedRuleSets['items'] = [];
        const by = call.caller?.id ?? 'system';
        for (const entry of library) items.push(await importOne(deps, trx, { entry, by }));
        const isNew = items.filter((one) => one.isNew).map(({ name, n }) => `${name}@${n}`);
        if (isNew.length > 0) {
          const what = { action: 'ruleSet.import', subject: 'library', detail: { isNew } };
          await call.audit(trx, what);
        }
        return { items };
      });
    },
  );

async function importOne(
  { ids, clock }: RuleDeps,
  trx: Db,
  { entry, by }: { readonly entry: LibraryEntry; readonly by: string },
): Promise<ImportedRuleSets['items'][number]> {
  const { text, ruleSet } = entry;
  const { name, digest } = ruleSet;
  const rules = ruleSetStore(trx);
  const at = clock.now();
  const set =
    (await rules.find(name)) ?? (await rules.create({ id: ids.ulid('rul'), name, by, at }));
  const note = `rules/library/${entry.file}`;
  const { version, isNew } = await rules.save(set, { digest, text, note, problems: [], by, at });
  return { id: set.id, name, n: version.n, digest, isNew };
}
