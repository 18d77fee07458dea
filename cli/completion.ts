/** `fieldloop completion`: a script with which the shell completes commands and options. */
import { Fault } from '@fieldloop/core';
import { Command, type Option } from './commander.ts';
import type { CliIo } from './io.ts';

const shells = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof shells)[number];

/** One line the shell can be at: `clips list`, and what may stand there next. */
interface Place {
  readonly words: string;
  readonly commands: readonly { readonly name: string; readonly says: string }[];
  readonly options: readonly { readonly flag: string; readonly says: string }[];
}

export function completionCommand(io: CliIo, program: () => Promise<Command>): Command {
  return new Command('completion')
    .description('A script for bash, zsh or fish that completes commands and options.')
    .argument('<shell>', shells.join(', '))
    .addHelpText('after', examples)
    .action(async (shell: string) => {
      const places = placesOf(await program());
      const known = shells.find((one) => one === shell);
      if (known === undefined) throw unknownShell(shell);
      io.out(scripts[known](places));
    });
}

function unknownShell(shell: string): Fault {
  return new Fault('invalid', `no completion for "${shell}"`, {
    remedy: `Use one of ${shells.join(', ')}.`,
  });
}

function placesOf(program: Command): readonly Place[] {
  const walk = (command: Command, words: readonly string[]): readonly Place[] => [
    {
      words: words.join(' '),
      commands: command.commands.map((one) => ({ name: one.name(), says: one.description() })),
      options: command.options.map((option: Option) => ({
        flag: option.long ?? option.flags,
        says: option.description,
      })),
    },
    ...command.commands.flatMap((one) => walk(one, [...words, one.name()])),
  ];
  return walk(program, []);
}

const wordsAt = ({ commands, options }: Place): string =>
  [...commands.map(({ name }) => name), ...options.map(({ flag }) => flag)].join(' ');

/** The longest known line of commands decides; options and values in between are passed over. */
const bash = (places: readonly Place[]): string => `# fieldloop completion for bash
_fieldloop() {
  local line="" word i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    case "$line $word" in
${places
  .filter(({ words }) => words !== '')
  .map(({ words }) => `      " ${words}") line=" ${words}" ;;`)
  .join('\n')}
    esac
  done
  local next=""
  case "$line" in
${places.map((place) => `    "${place.words === '' ? '' : ` ${place.words}`}") next="${wordsAt(place)}" ;;`).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$next" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _fieldloop fieldloop
`;

const zsh = (places: readonly Place[]): string => `#compdef fieldloop
autoload -U +X bashcompinit && bashcompinit
${bash(places)}`;

const fish = (places: readonly Place[]): string =>
  [
    '# fieldloop completion for fish',
    'function __fieldloop_at',
    "  set -l words (string match -v -- '-*' (commandline -opc))",
    '  test "$words[2..-1]" = "$argv"',
    'end',
    ...places.flatMap(({ words, commands, options }) => {
      const at = `-n '__fieldloop_at ${words}'`;
      return [
        ...commands.map(
          ({ name, says }) => `complete -c fieldloop -f ${at} -a ${name} -d ${quoted(says)}`,
        ),
        ...options.map(
          ({ flag, says }) =>
            `complete -c fieldloop ${at} -l ${flag.replace(/^--/, '')} -d ${quoted(says)}`,
        ),
      ];
    }),
    '',
  ].join('\n');

const quoted = (text: string): string => `'${text.replaceAll("'", "\\'")}'`;

const scripts: Readonly<Record<Shell, (places: readonly Place[]) => string>> = { bash, zsh, fish };

const examples = `
Examples:
  source <(fieldloop completion bash)
  fieldloop completion zsh > "\${fpath[1]}/_fieldloop"
  fieldloop completion fish > ~/.config/fish/completions/fieldloop.fish
`;
