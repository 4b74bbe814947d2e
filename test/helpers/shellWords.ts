/** Takes the commands out of a shell text, as far as documents go: no here-documents, no case, no functions. */

/** Reserved words of the shell that stand before a command. */
const BEFORE = new Set(['if', 'then', 'else', 'do', 'while', 'until', 'time', '!', '{', '(', 'sudo', 'nice']);

/** The commands of a text, each as its words without quotes. Those within `$(…)` are commands of their own. */
export function commandsOf(text: string): string[][] {
  const commands: string[][] = [];
  const source = text.replaceAll(/\\\n\s*/g, ' ');
  let at = 0;
  read(false);
  return commands.map(withoutStart).filter((words) => words.length > 0);

  /** Reads up to the end of the text, or of the `$(…)`. */
  function read(isInside: boolean): void {
    let words: string[] = [];
    let word: string | undefined;
    const endWord = () => {
      if (word !== undefined) words.push(word);
      word = undefined;
    };
    const endCommand = () => {
      endWord();
      if (words.length > 0) commands.push(words);
      words = [];
    };
    while (at < source.length) {
      const char = source[at] as string;
      if (char === '#' && word === undefined) {
        while (at < source.length && source[at] !== '\n') at += 1;
      } else if (char === ')' && isInside) {
        break;
      } else if (char === '\\') {
        word = (word ?? '') + (source[at + 1] ?? '');
        at += 2;
      } else if (char === "'") {
        const end = source.indexOf("'", at + 1);
        word = (word ?? '') + source.slice(at + 1, end);
        at = end + 1;
      } else if (char === '"') {
        at += 1;
        word = (word ?? '') + readDouble();
      } else if (source.startsWith('$(', at)) {
        word = `${word ?? ''}$()`;
        readInner();
      } else if (/[|;&\n]/.test(char)) {
        endCommand();
        at += 1;
      } else if (/[<>]/.test(char)) {
        // What follows is a file; a number before it is no word.
        if (/^\d$/.test(word ?? '')) word = undefined;
        endWord();
        while (/[<>&0-9]/.test(source[at] ?? '')) at += 1;
        while (source[at] === ' ') at += 1;
        while (at < source.length && !/[\s|;&)]/.test(source[at] as string)) at += 1;
      } else if (/\s/.test(char)) {
        endWord();
        at += 1;
      } else {
        word = (word ?? '') + char;
        at += 1;
      }
    }
    endCommand();
  }

  function readInner(): void {
    at += 2;
    read(true);
    at += 1;
  }

  function readDouble(): string {
    let read = '';
    while (at < source.length && source[at] !== '"') {
      if (source[at] === '\\') {
        read += source[at + 1];
        at += 2;
      } else if (source.startsWith('$(', at)) {
        read += '$()';
        readInner();
      } else {
        read += source[at];
        at += 1;
      }
    }
    at += 1;
    return read;
  }
}

/** Without what stands before the command itself: reserved words, and variables that are set for it. */
function withoutStart(words: readonly string[]): string[] {
  const first = words.findIndex((word) => !BEFORE.has(word) && !/^\w+=/.test(word));
  return first < 0 ? [] : words.slice(first);
}
