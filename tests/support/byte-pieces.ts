/** Content in pieces, as it arrives. */
export const pieces = async function* (...given: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const piece of given) yield typeof piece === 'string' ? Buffer.from(piece) : piece;
};

export const bytesOf = async (content: AsyncIterable<Uint8Array>): Promise<Buffer> => {
  const read: Uint8Array[] = [];
  for await (const piece of content) read.push(piece);
  return Buffer.concat(read);
};

export const textOf = async (content: AsyncIterable<Uint8Array>): Promise<string> =>
  (await bytesOf(content)).toString();
