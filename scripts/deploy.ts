// `npm run deploy`: from the template to a question answered.
import path from 'node:path';
import { createInterface } from 'node:readline/promises';
import { type DeploymentOutputs, readOutputs, unknownOutputs } from './deploy-outputs.ts';
import { type DeployOptions, type DeployStep, deploySteps } from './deploy-steps.ts';
import { readWords } from './read-words.ts';
import { isInstalled, runCommand, showCommand } from './run-command.ts';

const help = `Provisions Azure resources and publishes the app, in this order:
template, account, what-if, provision, package, migrate, publish, smoke test.

Usage: npm run deploy -- [options]

  --parameters FILE  .bicepparam file (default: infra/main.dev.bicepparam)
  --location NAME    region (default: AZURE_LOCATION, then westeurope)
  --out DIR          folder of the package (default: .package)
  --dry-run          needs no Azure: does what can be done here, and prints every command
  --yes              asks nothing
  --help             this text

Needs az (signed in) and func; docs/deployment.md has the rest. With SQ_ADMIN_KEY set the smoke test asks a question.
Ends with 0 when everything is done, 1 when a step failed, 2 for wrong words.`;

const rollback = `To go back: publish the package before (cd ITS/app && func azure functionapp publish NAME --no-build), from the
commit that was deployed: npm run package. Migrations only add, so the earlier app runs on the newer schema. Resources:
deploy the earlier template. Nothing that was recorded is touched by either.`;

const root = path.resolve(import.meta.dirname, '..');
const say = (line: string) => process.stdout.write(`${line}\n`);

const confirm = async (question: string): Promise<boolean> => {
  if (process.stdin.isTTY !== true) throw new Error('nobody is here to ask: give --yes');
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} (y/N) `)).trim());
  } finally {
    terminal.close();
  }
};

type Run = {
  isDry: boolean;
  isAnswered: boolean;
  /** From here on something may have been changed. */
  onChange: () => void;
};

const runSteps = async (
  steps: readonly DeployStep[],
  { isDry, isAnswered, onChange }: Run,
): Promise<DeploymentOutputs> => {
  let outputs = unknownOutputs;
  for (const [index, step] of steps.entries()) {
    say(`\n[${index + 1}/${steps.length}] ${step.name}: ${step.about}`);
    if (step.asks === true && !isDry && !isAnswered && !(await confirm('Go on?')))
      throw new Error('not confirmed');
    if (step.changes === true) onChange();
    await step.offline?.(outputs, say);
    if (!isDry) await step.online?.(outputs, say);
    else if (step.online !== undefined && step.commands === undefined) say('(needs the deployed app)');
    let output = '';
    for (const command of step.commands?.(outputs) ?? []) {
      say(`${isDry ? 'would run' : '$'} ${showCommand(command)}`);
      if (!isDry) output = await runCommand(command, { capture: step.givesOutputs === true });
    }
    if (step.givesOutputs === true && !isDry) outputs = readOutputs(output);
  }
  return outputs;
};

const deploy = async (): Promise<number> => {
  const values = readWords(
    { name: 'deploy', help },
    {
      parameters: { type: 'string', default: path.join('infra', 'main.dev.bicepparam') },
      location: { type: 'string', default: process.env.AZURE_LOCATION || 'westeurope' },
      out: { type: 'string', default: path.join(root, '.package') },
      'dry-run': { type: 'boolean', default: false },
      yes: { type: 'boolean', default: false },
    },
  );
  const isDry = values['dry-run'];
  const options: DeployOptions = {
    location: values.location,
    parameters: values.parameters,
    out: path.resolve(values.out),
    adminKey: process.env.SQ_ADMIN_KEY || undefined,
  };
  let mayHaveChanged = false;
  const onChange = () => {
    mayHaveChanged = !isDry;
  };
  try {
    const { appUrl } = await runSteps(deploySteps(options), { isDry, isAnswered: values.yes, onChange });
    say(isDry ? '\nDry run: nothing was changed.' : `\nDeployed: ${appUrl}`);
    const missing = isDry ? ['az', 'func'].filter((program) => !isInstalled(program)) : [];
    if (missing.length > 0) say(`Not installed here, and needed: ${missing.join(', ')}.`);
    say(`\n${rollback}`);
    return 0;
  } catch (error) {
    const next = mayHaveChanged ? rollback : 'Nothing was changed.';
    process.stderr.write(`\ndeploy: ${error instanceof Error ? error.message : error}\n\n${next}\n`);
    return 1;
  }
};

process.exitCode = await deploy();
