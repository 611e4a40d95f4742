import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Bicep, Diagnostic, PredictedResource, Snapshot } from '../../../scripts/bicep-cli.ts';
import { afterDeployment } from './after-deployment.ts';

/** One set of parameters, and what deploying it would make. */
export type Deployment = {
  snapshot: Snapshot;
  /** The app's settings as the app would see them, Key Vault references unresolved. */
  settings: Readonly<Record<string, string>>;
  all(type: string): PredictedResource[];
  /** @throws {Error} unless there is exactly one */
  one(type: string): PredictedResource;
};

/** A folder like `infra/` with its scenarios, compiled. */
export type Compiled = {
  diagnostics: Diagnostic[];
  template: unknown;
  /** Text of every file but compiled ones, by name relative to the folder. */
  sources: Readonly<Record<string, string>>;
  deployments: Readonly<Record<string, Deployment>>;
  /** Why a scenario could not be worked out. */
  refusals: readonly string[];
};

/** @returns the value at a path such as `properties.siteConfig.minTlsVersion`, `undefined` where there is none */
export const at = (value: unknown, where: string): unknown =>
  where
    .split('.')
    .reduce<unknown>(
      (part, key) =>
        typeof part === 'object' && part !== null ? (part as Record<string, unknown>)[key] : undefined,
      value,
    );

export const toDeployment = (snapshot: Snapshot): Deployment => {
  const all = (type: string) => snapshot.predictedResources.filter((resource) => resource.type === type);
  const one = (type: string) => {
    const [resource, ...more] = all(type);
    if (resource === undefined || more.length > 0)
      throw new Error(`${more.length + Number(!!resource)} × ${type}`);
    return resource;
  };
  const properties = all('Microsoft.Web/sites/config').find(({ name }) =>
    name.endsWith('/appsettings'),
  )?.properties;
  if (typeof properties !== 'object' || properties === null) {
    throw new Error('the app settings depend on something that is only known after deploying');
  }
  const settings = Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [name, afterDeployment(value)]),
  );
  return { snapshot, settings, all, one };
};

export const compileInfra = async (
  bicep: Bicep,
  folder: string,
  { files, scenarios }: { files: readonly string[]; scenarios: readonly string[] },
): Promise<Compiled> => {
  const file = (name: string) => path.join(folder, name);
  const asked = scenarios.map((scenario) => bicep.snapshot(file(`${scenario}.bicepparam`)));
  const [{ contents, diagnostics }, ...snapshots] = await Promise.all([
    bicep.compile(file('main.bicep')),
    ...asked.map((snapshot) => snapshot.catch((error: Error) => error)),
  ]);
  const deployments: Record<string, Deployment> = {};
  const refusals: string[] = [];
  for (const [index, snapshot] of snapshots.entries()) {
    const scenario = scenarios[index] ?? '';
    try {
      if (snapshot instanceof Error) throw snapshot;
      deployments[scenario] = toDeployment(snapshot);
      refusals.push(...snapshot.diagnostics);
    } catch (error) {
      refusals.push(`${scenario}: ${error instanceof Error ? error.message : error}`);
    }
  }
  const sources = Object.fromEntries(
    files.map((file) => [file, readFileSync(path.join(folder, file), 'utf8')]),
  );
  return { diagnostics, template: JSON.parse(contents ?? '{}'), sources, deployments, refusals };
};
