import type { HistoryEvent } from './history-event.ts';
import { historyEvent } from './history-event.ts';

const emptyData = { $type: 'System.Collections.ListDictionaryInternal, System.Private.CoreLib' };
const workerFrame =
  '   at Microsoft.Azure.WebJobs.Script.Description.WorkerFunctionInvoker.InvokeCore(Object[] parameters, FunctionInvocationContext context) in src/WebJobs.Script/Description/Workers/WorkerFunctionInvoker.cs:line 101';
const failureHResult = -2146233088;

/** The exception that .NET makes of an error in the worker, serialised as it stands in `Details`. */
const serializedException = (message: string, stack: string): string =>
  JSON.stringify({
    $type: 'System.Exception, System.Private.CoreLib',
    ClassName: 'System.Exception',
    Message: ` ${message}`,
    Data: null,
    InnerException: {
      $type: 'Microsoft.Azure.WebJobs.Script.Workers.Rpc.RpcException, Microsoft.Azure.WebJobs.Script',
      IsUserException: false,
      RemoteStackTrace: stack,
      RemoteMessage: message,
      RemoteTypeName: null,
      Message: `Result: Failure\nException: ${message}\nStack: ${stack}`,
      Data: emptyData,
      InnerException: null,
      HelpLink: null,
      Source: 'System.Private.CoreLib',
      HResult: failureHResult,
      StackTrace: workerFrame,
    },
    HelpURL: null,
    StackTraceString: null,
    RemoteStackTraceString: null,
    RemoteStackIndex: 0,
    ExceptionMethod: null,
    HResult: failureHResult,
    Source: null,
    WatsonBuckets: null,
  });

type DetailsOfLibrary = {
  errorType: string;
  errorMessage: string;
  isNonRetriable: boolean;
  properties: Record<string, unknown>;
};

/** With an exception properties provider the library puts its details, as JSON, in the place of the message. */
const detailsOfLibrary = (message: string): DetailsOfLibrary | null => {
  if (!message.startsWith('{"errorType":')) return null;
  try {
    return JSON.parse(message) as DetailsOfLibrary;
  } catch {
    return null;
  }
};

/** What was thrown as an error: the worker wraps other values, objects as JSON. */
const asError = (thrown: unknown): Error => {
  if (thrown instanceof Error) return thrown;
  return new Error(typeof thrown === 'object' ? JSON.stringify(thrown) : String(thrown));
};

/** The `TaskFailed` event for an activity that threw; its texts are the extension's. */
export const activityFailed = (options: {
  taskId: number;
  name: string;
  thrown: unknown;
  timestamp: string;
}): HistoryEvent => {
  const { taskId, name, timestamp } = options;
  const error = asError(options.thrown);
  const details = detailsOfLibrary(error.message);
  if (details === null) {
    return historyEvent('taskFailed', timestamp, {
      TaskScheduledId: taskId,
      Reason: `Activity function '${name}' failed:  ${error.message}`,
      Details: serializedException(error.message, error.stack ?? ''),
      FailureDetails: null,
    });
  }
  return historyEvent('taskFailed', timestamp, {
    TaskScheduledId: taskId,
    Reason: `Activity function '${name}' failed with an unhandled exception.`,
    Details: null,
    FailureDetails: {
      ErrorType: details.errorType,
      ErrorMessage: details.errorMessage,
      StackTrace: error.stack ?? '',
      InnerFailure: null,
      IsNonRetriable: details.isNonRetriable,
      Properties: details.properties,
    },
  });
};
