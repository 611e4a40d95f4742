import type { RegisteredFunction } from '../host/functions-core.ts';

export type DurableFunction = { name: string; bindingName: string };

/** The app's functions that concern the engine. Keys are lower case: the extension ignores case. */
export type DurableFunctions = {
  orchestrators: Map<string, DurableFunction>;
  activities: Map<string, DurableFunction>;
  /** By exact function name: the bindings that want to know where the management API is. */
  clients: Map<string, string[]>;
  /** Functions with a trigger that the engine does not serve. */
  entities: string[];
};

/** Sorts the app's functions by their bindings. */
export const collectDurableFunctions = (functions: Iterable<RegisteredFunction>): DurableFunctions => {
  const found: DurableFunctions = {
    orchestrators: new Map(),
    activities: new Map(),
    clients: new Map(),
    entities: [],
  };
  for (const { metadata } of functions) {
    const { name } = metadata;
    for (const [bindingName, { type }] of Object.entries(metadata.bindings)) {
      const kind = type.toLowerCase();
      if (kind === 'orchestrationtrigger') found.orchestrators.set(name.toLowerCase(), { name, bindingName });
      else if (kind === 'activitytrigger') found.activities.set(name.toLowerCase(), { name, bindingName });
      else if (kind === 'entitytrigger') found.entities.push(name);
      else if (kind === 'durableclient' || kind === 'orchestrationclient') {
        found.clients.set(name, [...(found.clients.get(name) ?? []), bindingName]);
      }
    }
  }
  return found;
};

/** True when the app needs the engine at all. */
export const usesDurable = ({ orchestrators, activities, clients }: DurableFunctions): boolean =>
  orchestrators.size + activities.size + clients.size > 0;
