export const batchHelp = `Asks every question of a file to every target as one durable batch, and shows what came back.

Usage: npm run batch -- FILE.jsonl --provider NAME --model NAME [options]
       npm run batch -- --attach BATCH_ID [--results FILE]
       npm run batch -- --pause|--resume|--cancel|--retry-failed BATCH_ID

FILE has one question a line, {"id", "prompt"} or {"id", "messages"}, or is in OpenAI's batch format; it may be gzipped.
Of a CSV docs/batches.md makes one.

Targets
  --provider NAME          one of GET /api/v1/providers; may be given again
  --model NAME             the n-th belongs to the n-th provider; a single provider is asked with each of them; may be
                           left out for a file in OpenAI's batch format
  --max-output-tokens N    of one answer
  --temperature T
How
  --name TEXT              for people to find it again
  --repeat N               asks each question N times
  --concurrency N          calls at once (default 32)
  --share-identical        asks equal questions once
  --on-unknown resend|missing  what becomes of a question whose answer was lost with its worker (default resend)
Limits
  --max-cost USD           hard limit; what does not fit any more ends as budget_skipped
  --max-tokens N           hard limit of input and output tokens together
Answers
  --results FILE           writes all answers there as JSON lines; an existing file is replaced
  --format native|openai   of these lines (default native)
Also
  --estimate               only shows what it may come to
  --yes                    does not ask before it starts (it only asks on a terminal)
  --url URL                the host; default: SQ_URL, then the one that npm start runs. The key is SQ_KEY;
                           it needs the scopes batch:write and study:read
  --help                   this text

The batch runs on the host. Ctrl-C leaves it running there: the command to come back is shown, and the exit code is 130.
To end it, use --cancel.

Exit codes: 0 all questions answered, 1 some were not, 2 wrong options, refused, or no host, 130 left before the end.`;
