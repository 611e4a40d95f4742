/** What a template does with a path: the route values, or null when it does not match. */
export type RouteMatcher = (path: string) => Record<string, string> | null;

type Parameter = {
  name: string;
  catchAll: boolean;
  optional: boolean;
  defaultValue: string | null;
  constraints: ((value: string) => boolean)[];
};
type Segment = { literal: string } | { parameter: Parameter };

const integer = (value: string): boolean => /^-?\d{1,10}$/.test(value);
const decimal = (value: string): boolean => /^-?\d+(\.\d+)?$/.test(value);

/** Inline constraints of ASP.NET Core routing that can be told without .NET. */
const constraintMakers: Record<string, (argument: string) => (value: string) => boolean> = {
  int: () => integer,
  long: () => (value) => /^-?\d{1,19}$/.test(value),
  decimal: () => decimal,
  double: () => decimal,
  float: () => decimal,
  bool: () => (value) => /^(true|false)$/i.test(value),
  guid: () => (value) => /^\{?[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}\}?$/i.test(value),
  alpha: () => (value) => /^[a-z]*$/i.test(value),
  required: () => (value) => value !== '',
  minlength: (n) => (value) => value.length >= Number(n),
  maxlength: (n) => (value) => value.length <= Number(n),
  length: (range) => {
    const [low = '0', high = low] = range.split(',');
    return (value) => value.length >= Number(low) && value.length <= Number(high);
  },
  min: (n) => (value) => integer(value) && Number(value) >= Number(n),
  max: (n) => (value) => integer(value) && Number(value) <= Number(n),
  range: (range) => {
    const [low = '0', high = '0'] = range.split(',');
    return (value) => integer(value) && Number(value) >= Number(low) && Number(value) <= Number(high);
  },
  regex: (pattern) => {
    const expression = new RegExp(pattern, 'i');
    return (value) => expression.test(value);
  },
};

/** Index of the first of `stops` in `text` from `start` that stands outside round brackets; the length if none does. */
const findOutsideBrackets = (text: string, stops: string, start: number): number => {
  let depth = 0;
  for (let i = start; i < text.length; i++) {
    const char = text.charAt(i);
    if (char === '\\') i++;
    else if (char === '(') depth++;
    else if (char === ')') depth--;
    else if (depth === 0 && stops.includes(char)) return i;
  }
  return text.length;
};

const parseParameter = (text: string, template: string): Parameter => {
  const stars = /^\*{0,2}/.exec(text)?.[0].length ?? 0;
  let at = findOutsideBrackets(text, ':=?', stars);
  const parameter: Parameter = {
    name: text.slice(stars, at),
    catchAll: stars > 0,
    optional: false,
    defaultValue: null,
    constraints: [],
  };
  if (!/^[^\s{}/:*?=]+$/.test(parameter.name)) throw new Error(`no valid parameter name in "${template}"`);
  while (at < text.length) {
    const mark = text.charAt(at);
    if (mark === '?') {
      parameter.optional = true;
      at++;
    } else if (mark === '=') {
      parameter.defaultValue = text.slice(at + 1);
      at = text.length;
    } else {
      const end = findOutsideBrackets(text, ':=?', at + 1);
      const constraint = /^([a-z]+)(?:\(([\s\S]*)\))?$/i.exec(text.slice(at + 1, end));
      const make = constraintMakers[constraint?.[1]?.toLowerCase() ?? ''];
      if (make === undefined)
        throw new Error(`unknown constraint "${text.slice(at + 1, end)}" in "${template}"`);
      parameter.constraints.push(make(constraint?.[2] ?? ''));
      at = end;
    }
  }
  return parameter;
};

const splitTemplate = (template: string): Segment[] => {
  const segments: Segment[] = [];
  let rest = template;
  while (rest !== '') {
    if (rest.startsWith('{')) {
      let end = 1;
      // `{{` and `}}` inside a constraint stand for single braces.
      while (end < rest.length) {
        const char = rest.charAt(end);
        if (char === '}' && rest.charAt(end + 1) !== '}') break;
        end += char === '}' || (char === '{' && rest.charAt(end + 1) === '{') ? 2 : 1;
      }
      if (end >= rest.length) throw new Error(`a brace is not closed in "${template}"`);
      const inner = rest.slice(1, end).replaceAll('{{', '{').replaceAll('}}', '}');
      segments.push({ parameter: parseParameter(inner, template) });
      rest = rest.slice(end + 1);
      if (rest !== '' && !rest.startsWith('/')) {
        throw new Error(`a segment of "${template}" mixes text and parameters, which this host does not do`);
      }
    } else {
      const slash = rest.indexOf('/');
      const literal = slash < 0 ? rest : rest.slice(0, slash);
      if (literal === '' || /[{}]/.test(literal)) throw new Error(`"${template}" is no valid route`);
      segments.push({ literal: literal.toLowerCase() });
      rest = slash < 0 ? '' : rest.slice(slash);
    }
    if (rest.startsWith('/')) rest = rest.slice(1);
  }
  const catchAllAt = segments.findIndex((segment) => 'parameter' in segment && segment.parameter.catchAll);
  if (catchAllAt >= 0 && catchAllAt !== segments.length - 1) {
    throw new Error(`a catch-all must be the last segment of "${template}"`);
  }
  return segments;
};

const accept = (values: Record<string, string>, parameter: Parameter, value: string | undefined): boolean => {
  const given = value === undefined || value === '' ? parameter.defaultValue : value;
  if (given === null) {
    return (
      (parameter.optional || parameter.catchAll) && (parameter.optional || parameter.constraints.length === 0)
    );
  }
  if (!parameter.constraints.every((holds) => holds(given))) return false;
  values[parameter.name] = given;
  return true;
};

/**
 * Compiles a route template of ASP.NET Core (`api/things/{id:int?}`, `{*path:regex(^x)=index.html}`). Paths are given
 * decoded (except `%2F`) and without leading and trailing slash. Throws on a template that is not valid.
 */
export const compileRouteTemplate = (template: string): RouteMatcher => {
  const segments = splitTemplate(template.replace(/^\/+|\/+$/g, ''));
  return (path) => {
    const values: Record<string, string> = {};
    let at = 0;
    for (const segment of segments) {
      const left = at <= path.length && path !== '';
      const slash = left ? path.indexOf('/', at) : -1;
      const part = !left ? undefined : slash < 0 ? path.slice(at) : path.slice(at, slash);
      if ('literal' in segment) {
        if (part === undefined || part.toLowerCase() !== segment.literal) return null;
      } else if (segment.parameter.catchAll) {
        return accept(values, segment.parameter, left ? path.slice(at) : undefined) ? values : null;
      } else if (part === '' || !accept(values, segment.parameter, part)) {
        return null;
      }
      at = slash < 0 ? path.length + 1 : slash + 1;
    }
    return at > path.length || path === '' ? values : null;
  };
};
