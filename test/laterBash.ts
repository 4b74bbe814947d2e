/** What bash 4.4 (Red Hat 8, SLES 15) does not know, by what it would print or do. */
const LATER: Record<string, RegExp> = {
  'EPOCHREALTIME, EPOCHSECONDS, BASH_ARGV0 (5.0), SRANDOM (5.1)':
    /\b(?:EPOCHREALTIME|EPOCHSECONDS|BASH_ARGV0|SRANDOM|BASH_MONOSECONDS)\b/,
  '@U @u @L (5.1), @K (5.1), @k (5.2) expansions': /\$\{[A-Za-z_!][^}]*@[UuLKk]\}/,
  'wait -p (5.1), wait -f (5.0)': /\bwait\s+-\w*[pf]/,
  'printf %(...)T without an argument is 4.3, printf %Q is 5.2': /printf\s+(?:-v\s+\S+\s+)?['"][^'"]*%Q/,
  'declare -I, local -I (5.1)': /\b(?:declare|local)\s+-\w*I/,
  '${ command; } and ${| command; } (5.3)': /\$\{[ |]/,
  'shopt of later versions':
    /\b(?:assoc_expand_once|localvar_inherit|localvar_unset|patsub_replacement|varredir_close|globskipdots|noexpand_translation|bash_source_fullpath|array_expand_once)\b/,
  'unset of a negative subscript range, read -E (5.3)': /\bread\s+-\w*E/,
  'mapfile and test are older, ulimit -R is 5.1': /\bulimit\s+-R/,
  'here-documents and here-strings need a temporary file before 5.1': /<<['"$<A-Z]/,
};

/** The lines of a script, comments left out, that bash 4.4 would not take, each with the reason. */
export const laterBash = (script: string): string[] =>
  script
    .split('\n')
    .filter((line) => !line.trim().startsWith('#'))
    .flatMap((line) => {
      const what = Object.entries(LATER).find(([, pattern]) => pattern.test(line))?.[0];
      return what === undefined ? [] : [`${what}: ${line}`];
    });
