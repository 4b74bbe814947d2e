/** Colours and lines of what goes to a terminal. */
import { styleText } from 'node:util';

export type Style = 'bold' | 'red' | 'yellow' | 'green';

/** How a text is coloured: not at all where it does not go to a terminal. */
export type Paint = (style: Style | Style[], text: string) => string;

/** Colours for the stream, as its terminal and NO_COLOR want it. */
export const painter =
  (stream: NodeJS.WriteStream): Paint =>
  (style, text) =>
    styleText(style, text, { stream });

const WIDTH = 100;

/**
 * Words in lines of at most 100 characters; one that is longer has a line of its own.
 * @param first What the first line begins with.
 * @param rest What the others begin with.
 */
export function wrapped(text: string, first: string, rest = first): string {
  const lines: string[] = [];
  let line = first;
  let isEmpty = true;
  for (const word of text.split(' ')) {
    if (!isEmpty && line.length + word.length + 1 > WIDTH) {
      lines.push(line);
      line = rest;
      isEmpty = true;
    }
    line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return [...lines, line].join('\n');
}
