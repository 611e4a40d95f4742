import type { Message, Parameters } from '../../contract/inference.ts';
import { canonicalJson, sha256Hex } from '../canonical-json.ts';

/** What is asked: who, and with which words and parameters. Labels, deadlines and retries are no part of a question. */
export type Question = {
  provider: string;
  model: string;
  messages: readonly Message[];
  parameters: Parameters;
};

/** Equal questions have equal hashes (SHA-256 over canonical JSON, hex), whatever the order of their members. */
export const requestHash = ({ provider, model, messages, parameters }: Question): string =>
  sha256Hex(canonicalJson({ provider, model, messages, parameters }));
