import fc from 'fast-check';

/** A schema as the OpenAPI document has it. */
export type DocumentSchema = {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  format?: string;
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  minItems?: number;
  maxItems?: number;
  items?: DocumentSchema;
  properties?: Record<string, DocumentSchema>;
  required?: string[];
  additionalProperties?: boolean | DocumentSchema;
  anyOf?: DocumentSchema[];
};

type Resolve = (schema: DocumentSchema) => DocumentSchema;

/** Longer than any text limit that is worth trying in every run. */
const longestTried = 5000;

const ofOtherType = (types: readonly string[]): fc.Arbitrary<unknown> => {
  const isNumeric = types.includes('number') || types.includes('integer');
  const candidates: [string, fc.Arbitrary<unknown>][] = [
    ['string', fc.string()],
    [
      'number',
      isNumeric
        ? fc.constant('1')
        : fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true })),
    ],
    ['boolean', fc.boolean()],
    ['null', fc.constant(null)],
    ['array', fc.array(fc.integer(), { maxLength: 3 })],
    ['object', fc.dictionary(fc.string({ maxLength: 5 }), fc.integer(), { maxKeys: 3 })],
  ];
  const others = candidates.filter(([type]) => !types.includes(type) && !(type === 'number' && isNumeric));
  return fc.oneof(...others.map(([, arbitrary]) => arbitrary));
};

const outOfBounds = (schema: DocumentSchema, types: readonly string[]): fc.Arbitrary<unknown>[] => {
  const wrong: fc.Arbitrary<unknown>[] = [];
  const { minimum, maximum, minLength, maxLength, pattern, minItems, maxItems, format } = schema;
  if (schema.enum) wrong.push(fc.string().filter((text) => !schema.enum?.includes(text)));
  if (types.includes('integer'))
    wrong.push(fc.integer({ min: -1000, max: 1000 }).map((number) => number + 0.5));
  if (minimum !== undefined) wrong.push(fc.integer({ min: 1, max: 1e9 }).map((by) => minimum - by));
  if (maximum !== undefined) wrong.push(fc.integer({ min: 1, max: 1e9 }).map((by) => maximum + by));
  if (minLength) wrong.push(fc.constant(''));
  if (maxLength !== undefined && maxLength < longestTried) {
    wrong.push(fc.integer({ min: 1, max: 50 }).map((by) => 'x'.repeat(maxLength + by)));
  }
  if (pattern !== undefined) wrong.push(fc.string().filter((text) => !new RegExp(pattern, 'u').test(text)));
  if (format !== undefined)
    wrong.push(
      fc.string(),
      fc.constantFrom('2026-13-01T00:00:00Z', '0000-01-01T00:00:00Z', '2026-01-01T00:00:00+23:00'),
    );
  if (types.includes('string') && !schema.enum && format === undefined && pattern === undefined) {
    wrong.push(fc.constantFrom('\u0000', 'a\u0000b', '\ud800', 'x\udfffy'));
  }
  if (minItems) wrong.push(fc.constant([]));
  if (maxItems !== undefined) wrong.push(fc.constant(Array.from({ length: maxItems + 1 }, () => ({}))));
  return wrong;
};

/** Values that the schema does not allow, at any depth: wrong types, out of bounds, missing and unknown members. */
export const invalidFor = (given: DocumentSchema, resolve: Resolve): fc.Arbitrary<unknown> => {
  const schema = resolve(given);
  const types = [schema.type ?? []].flat();
  const parts = schema.anyOf?.map((part) => [resolve(part).type ?? []].flat());
  if (parts) return ofOtherType(parts.flat());
  const wrong = [ofOtherType(types), ...outOfBounds(schema, types)];
  const { items, properties = {}, required = [], additionalProperties } = schema;
  if (items) wrong.push(invalidFor(items, resolve).map((item) => [item]));
  for (const [name, property] of Object.entries(properties)) {
    const valid = validFor(schema, resolve);
    wrong.push(
      fc
        .tuple(valid, invalidFor(property, resolve))
        .map(([rest, value]) => ({ ...asRecord(rest), [name]: value })),
    );
  }
  for (const name of required) {
    wrong.push(validFor(schema, resolve).map((value) => ({ ...asRecord(value), [name]: undefined })));
  }
  if (additionalProperties === false) {
    const unknownName = fc
      .oneof(fc.string({ minLength: 1 }), fc.constantFrom('Headers', 'headers', 'constructor', 'toString'))
      .filter((name) => !(name in properties) && name !== '__proto__');
    wrong.push(
      fc
        .tuple(validFor(schema, resolve), unknownName, fc.jsonValue())
        .map(([rest, name, value]) => Object.fromEntries([...Object.entries(asRecord(rest)), [name, value]])),
    );
  } else if (typeof additionalProperties === 'object') {
    wrong.push(invalidFor(additionalProperties, resolve).map((value) => ({ member: value })));
  }
  return fc.oneof(...wrong);
};

const asRecord = (value: unknown): Record<string, unknown> => ({ ...(value as Record<string, unknown>) });

/** Values as a caller might send them; members that aren't required come and go. */
export const validFor = (given: DocumentSchema, resolve: Resolve): fc.Arbitrary<unknown> => {
  const schema = resolve(given);
  const [type] = [schema.type ?? []].flat();
  if (schema.anyOf?.[0]) return validFor(schema.anyOf[0], resolve);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  const { minimum = -100, maximum = 100, properties = {}, required = [] } = schema;
  switch (type) {
    case 'object': {
      if (!schema.properties) return fc.constant({});
      const members: Record<string, fc.Arbitrary<unknown>> = Object.fromEntries(
        Object.entries(properties).map(([name, property]) => [name, validFor(property, resolve)]),
      );
      return fc.record(members, { requiredKeys: required });
    }
    case 'array':
      return schema.items ? validFor(schema.items, resolve).map((item) => [item]) : fc.constant([]);
    case 'integer':
      return fc.integer({ min: minimum, max: Math.min(maximum, minimum + 1000) });
    case 'number':
      return fc.double({ min: minimum, max: maximum, noNaN: true });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    default:
      if (schema.format === 'uuid') return fc.uuid({ version: 7 });
      if (schema.format === 'date-time') return fc.constant('2026-01-01T00:00:00Z');
      return fc.constant(schema.pattern?.startsWith('^[a-z]') ? 'echo' : 'k:x');
  }
};
