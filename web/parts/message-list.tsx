import type { Message } from '../../src/contract/inference.ts';
import { LongText } from './long-text.tsx';

/** A conversation as it was sent. Text only: whatever markup it holds is shown as it was written. */
export const MessageList = ({ messages }: { messages: readonly Message[] }) => (
  <div className="stack">
    {messages.map(({ role, content }, index) => (
      // biome-ignore lint/suspicious/noArrayIndexKey: a message is its place
      <div key={index} className="message">
        <div className="message-role">{role}</div>
        <LongText text={content} />
      </div>
    ))}
  </div>
);
