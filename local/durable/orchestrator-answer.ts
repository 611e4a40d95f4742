/** Numbers of `actionType` in what `durable-functions` answers. */
export const actionTypes = {
  callActivity: 0,
  callActivityWithRetry: 1,
  callSubOrchestrator: 2,
  callSubOrchestratorWithRetry: 3,
  continueAsNew: 4,
  createTimer: 5,
  waitForExternalEvent: 6,
  whenAny: 11,
  whenAll: 12,
} as const;

export type RetryOptions = {
  firstRetryIntervalInMilliseconds: number;
  maxNumberOfAttempts: number;
  backoffCoefficient?: number;
  maxRetryIntervalInMilliseconds?: number;
  retryTimeoutInMilliseconds?: number;
};

export type OrchestratorAction = {
  actionType: number;
  functionName?: string;
  input?: unknown;
  instanceId?: string;
  retryOptions?: RetryOptions;
  fireAt?: string;
  isCanceled?: boolean;
  externalEventName?: string;
  compoundActions?: OrchestratorAction[];
};

/** What an orchestrator answered to one call; `crash` is what it threw without the library's own data. */
export type OrchestratorAnswer = {
  isDone: boolean;
  actions: OrchestratorAction[];
  output?: unknown;
  /** Absent when the orchestrator threw no error, or one without a message. */
  error?: string;
  failureDetails?: { ErrorType: string; ErrorMessage: string; [field: string]: unknown };
  customStatus?: unknown;
  /** The answer came as an exception. */
  thrown: boolean;
  crash: string | null;
};

type WireAnswer = Omit<OrchestratorAnswer, 'actions' | 'thrown' | 'crash'> & {
  actions: OrchestratorAction[][];
};

const marker = '\n\n$OutOfProcData$:';

const fromWire = (wire: WireAnswer, thrown: boolean): OrchestratorAnswer => ({
  ...wire,
  actions: wire.actions[0] ?? [],
  thrown,
  crash: null,
});

/** Reads the JSON that an orchestrator returned. */
export const readAnswer = (json: string): OrchestratorAnswer => fromWire(JSON.parse(json), false);

/** Reads what an orchestrator threw: the library's data behind its marker, or any other failure of the call. */
export const readThrownAnswer = (thrown: unknown): OrchestratorAnswer => {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const start = message.indexOf(marker);
  if (start >= 0) return fromWire(JSON.parse(message.slice(start + marker.length)), true);
  return { isDone: false, actions: [], thrown: true, crash: message };
};
