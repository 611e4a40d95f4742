import type { OpenapiDocument } from '../../src/http/openapi-document.ts';
import type { DocumentSchema } from './invalid-values.ts';

type Parameter = { name: string; in: string; schema: DocumentSchema };
/** One operation of the OpenAPI document, as far as a request for it needs it. */
export type DocumentOperation = {
  method: string;
  path: string;
  parameters: Parameter[];
  body: DocumentSchema | null;
  isOpen: boolean;
};

/** The operations of an OpenAPI document. */
export const documentOperations = (document: OpenapiDocument): DocumentOperation[] =>
  Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => {
      const body = operation.requestBody as
        | { content: Record<string, { schema: DocumentSchema }> }
        | undefined;
      return {
        method: method.toUpperCase(),
        path,
        parameters: (operation.parameters as Parameter[] | undefined) ?? [],
        body: body?.content['application/json']?.schema ?? null,
        isOpen: operation['x-scope'] === 'open',
      };
    }),
  );
