/** FNV-1a, 32 bits (http://www.isthe.com/chongo/tech/comp/fnv/). */
const fnv1a = (text: string): number => {
  let hash = 0x811c9dc5;
  for (let place = 0; place < text.length; place++) {
    hash = Math.imul(hash ^ text.charCodeAt(place), 0x01000193);
  }
  return hash >>> 0;
};

const featuresOf = (text: string): string[] => {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  const features: string[] = [];
  words.forEach((word, place) => {
    features.push(`w:${word}`);
    if (place > 0) features.push(`b:${words[place - 1]} ${word}`);
    const padded = `^${word}$`;
    for (let start = 0; start + 3 <= padded.length; start++)
      features.push(`c:${padded.slice(start, start + 3)}`);
  });
  return features;
};

/**
 * An embedding without a model: words, pairs of words and letter trigrams, hashed into `dimensions` places with a sign
 * (Weinberger et al. 2009, "Feature Hashing for Large Scale Multitask Learning"), of length 1. Texts that share words are
 * near each other; meaning it doesn't know.
 */
export const hashedEmbedding = (text: string, dimensions: number): number[] => {
  const vector = new Array<number>(dimensions).fill(0);
  for (const feature of featuresOf(text)) {
    const hash = fnv1a(feature);
    const place = hash % dimensions;
    vector[place] = (vector[place] ?? 0) + ((hash & 0x8000_0000) === 0 ? 1 : -1);
  }
  const length = Math.hypot(...vector);
  if (length === 0) {
    // No words at all: some fixed direction, for a vector of length 0 has no cosine.
    vector[0] = 1;
    return vector;
  }
  return vector.map((value) => value / length);
};
