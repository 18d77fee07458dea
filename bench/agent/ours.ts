/** Our side of the readers' comparison: a recording through reader, accessors and rules. */
import { readRecording } from '@fieldloop/recording';
import { openFile } from '@fieldloop/recording/file';
import { firesOf, openEngine, parseRuleSet, type RuleSet } from '@fieldloop/rules';
import type { Work } from '../rival.ts';
import { type Fires, rulesYaml } from '../rules-document.ts';

export function benchRules(): RuleSet {
  const { ruleSet } = parseRuleSet(rulesYaml, 'bench.yaml');
  if (ruleSet === undefined) throw new TypeError('the rules of the bench do not parse');
  return ruleSet;
}

export async function ourWork(path: string, ruleSet: RuleSet): Promise<Work> {
  const engine = openEngine(ruleSet, { device: 'bench' });
  const fires: Fires = {};
  let messages = 0;
  await using file = await openFile(path);
  // As `rules test` reads: no block is kept, so its memory may be used again.
  for await (const item of readRecording(file, { reuse: true })) {
    if (item.kind === 'channel') engine.channel(0, item.channel);
    if (item.kind !== 'block') continue;
    messages += item.block.count;
    for (const { ruleId } of firesOf(engine.block(0, item.block))) {
      fires[ruleId] = (fires[ruleId] ?? 0) + 1;
    }
  }
  for (const { ruleId } of firesOf(engine.flush())) fires[ruleId] = (fires[ruleId] ?? 0) + 1;
  return { messages, fires };
}
