import type { SimilarPair } from '../../db/embeddings/meaning-repository.ts';

export type PairGroup = {
  /** Places, smallest first. */
  members: number[];
  /** The weakest tie without which the group would fall apart. */
  similarity: number;
};

/** Parts what is tied, directly or through others, into groups: the strongest ties first (Kruskal's algorithm). Largest group first. */
export const groupPairs = (pairs: readonly SimilarPair[]): PairGroup[] => {
  const groupOf = new Map<number, PairGroup>();
  const open = (place: number): PairGroup => {
    const group = groupOf.get(place) ?? { members: [place], similarity: 1 };
    groupOf.set(place, group);
    return group;
  };
  const strongestFirst = pairs.toSorted((x, y) => y.similarity - x.similarity || x.a - y.a || x.b - y.b);
  for (const { a, b, similarity } of strongestFirst) {
    const [one, other] = [open(a), open(b)];
    if (one === other) continue;
    const [larger, smaller] = one.members.length >= other.members.length ? [one, other] : [other, one];
    for (const place of smaller.members) {
      larger.members.push(place);
      groupOf.set(place, larger);
    }
    larger.similarity = similarity;
  }
  return [...new Set(groupOf.values())]
    .map(({ members, similarity }) => ({ members: members.toSorted((x, y) => x - y), similarity }))
    .toSorted(
      (x, y) =>
        y.members.length - x.members.length ||
        y.similarity - x.similarity ||
        (x.members[0] ?? 0) - (y.members[0] ?? 0),
    );
};
