import path from 'node:path';
import { installBicep, startBicep } from './bicep-cli.ts';
import { type DeploymentOutputs, migratesItself } from './deploy-outputs.ts';
import type { DurableBackend } from './host-json.ts';
import { packageApp } from './package.ts';
import type { Command } from './run-command.ts';
import { smokeTest } from './smoke-test.ts';

const root = path.resolve(import.meta.dirname, '..');
const template = path.join('infra', 'main.bicep');

export type DeployOptions = {
  /** Of the resources, and of the deployment's own record. */
  location: string;
  /** A .bicepparam file. */
  parameters: string;
  out: string;
  adminKey: string | undefined;
};

type Say = (line: string) => void;

/** One step: commands for the machine that deploys, or work that needs no Azure. */
export type DeployStep = {
  name: string;
  /** What it is for, in a few words. */
  about: string;
  /** Asks before it begins. */
  asks?: boolean;
  /** Changes something in Azure: there may be something to go back from. */
  changes?: boolean;
  /** Also done in a dry run: it needs no Azure. */
  offline?: (outputs: DeploymentOutputs, say: Say) => Promise<void>;
  /** Needs Azure; in a dry run only told. */
  online?: (outputs: DeploymentOutputs, say: Say) => Promise<void>;
  commands?: (outputs: DeploymentOutputs) => Command[];
  /** The last command's output is what the deployment tells. */
  givesOutputs?: boolean;
};

const az = (...parameters: string[]): Command => ({ program: 'az', parameters, cwd: root });

const deployment = ({ location, parameters }: DeployOptions, verb: 'what-if' | 'create', ...more: string[]) =>
  az(
    'deployment',
    'sub',
    verb,
    ...['--name', 'study-query-llm', '--location', location],
    ...['--template-file', template, '--parameters', parameters, ...more],
  );

const compileTemplate = async (parameters: string, say: Say): Promise<void> => {
  let program: string;
  try {
    program = await installBicep();
  } catch (error) {
    // `az` brings a compiler of its own.
    say(`left to az: ${error instanceof Error ? error.message : error}`);
    return;
  }
  const bicep = startBicep(program);
  try {
    const { success, diagnostics } = await bicep.compileParams(parameters);
    if (!success || diagnostics.length > 0) {
      throw new Error(`the template is faulty: ${diagnostics.map(({ message }) => message).join('; ')}`);
    }
    const { predictedResources, outputs } = await bicep.snapshot(parameters);
    say(
      `${predictedResources.length} resources, at most ${outputs.DATABASE_CONNECTIONS_AT_MOST} connections`,
    );
  } finally {
    bicep.close();
  }
};

/** The schema through the role that owns it; the app's own rights come from infra/app-role.sql, once. */
const migrate = (outputs: DeploymentOutputs): Command[] => {
  if (migratesItself(outputs)) return [];
  const { migrationRole, databaseServer, databaseName } = outputs;
  return [
    {
      program: 'node',
      parameters: [path.join('dist', 'migrate.mjs')],
      cwd: root,
      env: {
        DATABASE_URL: `postgresql://${migrationRole}@${databaseServer}:5432/${databaseName}?sslmode=require`,
        SQ_DATABASE_AUTH: 'entra',
      },
    },
  ];
};

/** From the template to a question answered, in the only order that works. */
export const deploySteps = (options: DeployOptions): DeployStep[] => [
  {
    name: 'template',
    about: 'compiles the template and its parameters',
    offline: (_outputs, say) => compileTemplate(path.resolve(root, options.parameters), say),
  },
  {
    name: 'account',
    about: 'who deploys, and where',
    commands: () => [az('account', 'show', '--output', 'table')],
  },
  {
    name: 'what-if',
    about: 'what a deployment would change',
    commands: () => [deployment(options, 'what-if')],
  },
  {
    name: 'provision',
    about: 'makes and changes resources',
    asks: true,
    changes: true,
    givesOutputs: true,
    commands: () => [deployment(options, 'create', '--query', 'properties.outputs', '--output', 'json')],
  },
  {
    name: 'package',
    about: 'builds and lays out what is published',
    offline: async ({ durableBackend }, say) => {
      const { app, bytes, files } = await packageApp(options.out, durableBackend satisfies DurableBackend);
      say(`${files} files, ${(bytes / 1_000_000).toFixed(1)} MB in ${path.relative(root, app)}`);
    },
  },
  {
    name: 'migrate',
    about: 'brings the database to the newest schema, before the app that needs it',
    online: async (outputs, say) => {
      if (migratesItself(outputs))
        say('the app does so itself before its first request, with its own identity');
    },
    commands: migrate,
  },
  {
    name: 'publish',
    about: 'puts the package in place; workers restart',
    commands: ({ appName }) => [
      {
        program: 'func',
        parameters: ['azure', 'functionapp', 'publish', appName, '--no-build'],
        cwd: path.join(options.out, 'app'),
      },
    ],
  },
  {
    name: 'smoke test',
    about: 'health, readiness, a closed door, one question of the offline provider',
    online: ({ appUrl }, say) => smokeTest({ url: appUrl, key: options.adminKey, say }),
  },
];
