/** Text from outside, made fit for one line of a log or a page. Pure. */

/** ANSI escape sequences, and every control character. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
const CONTROLS = /\u001b\[[0-9;?]*[ -/]*[@-~]|[\u0000-\u001f\u007f-\u009f\u2028\u2029\ufeff\ufffd]/g;

/** All of a text in one line: control characters and runs of spaces become one space; cut to a length. */
export function plainLine(text: string, length: number): string {
  const plain = text.replace(CONTROLS, ' ').replace(/ {2,}/g, ' ').trim();
  return plain.length <= length ? plain : `${plain.slice(0, length - 1)}…`;
}

/** The same for a text that stands within a sentence: without its last full stop. */
export const plainSentence = (text: string, length: number): string => plainLine(text, length).replace(/\.$/, '');

/** Characters of a last line that are told. */
const MOST_OF_LINE = 200;

/** The last line of a text that says anything, cleaned and cut; empty where there is none. */
export function lastLine(text: string): string {
  const lines = text.split(/\r\n|[\r\n]/);
  for (let i = lines.length - 1; i >= 0; i -= 1) {
    const line = plainLine(lines[i] ?? '', MOST_OF_LINE);
    if (line !== '') return line;
  }
  return '';
}
