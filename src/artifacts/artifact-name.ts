/** Words begin with a letter or digit: no `..`, no absolute name, and nothing that a draft of ours could be called. */
const namePattern = /^[A-Za-z0-9][A-Za-z0-9.-]*(?:\/[A-Za-z0-9][A-Za-z0-9.-]*)*$/;

/** @throws {RangeError} unless it is the name of an artifact, as every store takes it */
export const checkArtifactName = (name: string): void => {
  if (!namePattern.test(name)) throw new RangeError('not a name of an artifact');
};
