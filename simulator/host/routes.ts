/** Routes of HTTP triggers, in ASP.NET's template language as far as functions use it. */
import { GuardError } from '../../shared/errors.ts';

export interface Route {
  /** Route parameters of a path (decoded), or undefined when it does not match. */
  match(path: string): Record<string, string> | undefined;
  /** Sorts routes: the more particular first (literal, constrained, parameter, catch-all), segment by segment. */
  rank: string;
}

/** Values that a constraint lets through. Others, and parameters mixed with text, are refused by name. */
const CONSTRAINTS: Record<string, RegExp> = {
  int: /^[+-]?\d+$/,
  long: /^[+-]?\d+$/,
  guid: /^\{?[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}\}?$/i,
  alpha: /^[a-z]*$/i,
  bool: /^(?:true|false)$/i,
};

type Segment =
  | { kind: 'literal'; text: string }
  | { kind: 'parameter'; name: string; optional: boolean; constraints: RegExp[] }
  | { kind: 'rest'; name: string };

/** Compiles a template such as `runs/{id:guid?}`; letter case does not matter. */
export function parseRoute(template: string): Route {
  const segments = template
    .split('/')
    .filter(Boolean)
    .map((text) => parseSegment(text, template));
  const ranks = segments.map((segment) => {
    if (segment.kind === 'literal') return '1';
    if (segment.kind === 'rest') return '4';
    return segment.constraints.length > 0 ? '2' : '3';
  });
  return { rank: ranks.join(''), match: (path) => matchSegments(segments, path.split('/').filter(Boolean)) };
}

function matchSegments(segments: Segment[], parts: string[]): Record<string, string> | undefined {
  const found: Record<string, string> = {};
  for (const [index, segment] of segments.entries()) {
    const part = parts[index];
    if (segment.kind === 'rest') {
      if (part !== undefined) found[segment.name] = parts.slice(index).map(decode).join('/');
      return found;
    }
    if (part === undefined) {
      if (segment.kind === 'parameter' && segment.optional) continue;
      return undefined;
    }
    const value = decode(part);
    if (segment.kind === 'literal') {
      if (value.toLowerCase() !== segment.text.toLowerCase()) return undefined;
    } else {
      if (!segment.constraints.every((constraint) => constraint.test(value))) return undefined;
      found[segment.name] = value;
    }
  }
  return parts.length > segments.length ? undefined : found;
}

function parseSegment(text: string, template: string): Segment {
  if (!text.includes('{')) return { kind: 'literal', text };
  const inner = /^\{([^{}]+)\}$/.exec(text)?.[1];
  if (!inner) throw notModelled(template, text);
  if (inner.startsWith('*')) return { kind: 'rest', name: inner.replace(/^\*+/, '') };
  const optional = inner.endsWith('?');
  const [name = '', ...names] = (optional ? inner.slice(0, -1) : inner).split(':');
  if (name.includes('=')) throw notModelled(template, text);
  const constraints = names.map((constraint) => {
    const pattern = CONSTRAINTS[constraint.toLowerCase()];
    if (!pattern) throw notModelled(template, text);
    return pattern;
  });
  return { kind: 'parameter', name, optional, constraints };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

const notModelled = (template: string, part: string): GuardError =>
  new GuardError(
    'INPUT_INVALID',
    `Route ${template}: ${part} is not modelled by this host.`,
    'Write the route without it.',
  );
