import { createRandomStream } from '../src/statistics/random-stream.ts';

const tasks = [
  'Summarise the following {form} about {topic} for {reader} in {count} sentences:',
  'You are an expert in {topic}. Explain to {reader} why {claim}.',
  'Translate this {form} into {language}, and keep the tone {tone}:',
  'Classify the {form} below as {tone}, neutral or unclear. Answer with one word.',
  'Write a {tone} {form} about {topic} for {reader}, no longer than {count} lines.',
  'Extract all names, dates and amounts from this {form} about {topic} as JSON.',
  'What are the {count} most important facts about {topic}? Cite the {form} you rely on.',
  'Is the following statement about {topic} true, false or unknown? {claim}.',
  'Rewrite the {form} so that {reader} understands it:',
  'Compare {topic} with {topic} in a table of {count} rows.',
  'Given the {form}, answer the question: who decided that {claim}?',
  'Correct grammar and spelling of this {form}, and list what you changed:',
  'Plan a course on {topic} for {reader}: {count} units, each with an exercise.',
  'Which of these arguments about {topic} is the strongest, and why?',
  'Find the bug in this function for {topic} and give a {tone} review.',
];
const slots: Record<string, readonly string[]> = {
  form: 'article,e-mail,contract,review,abstract,transcript,report,letter,tweet,news item,support ticket,patent,recipe'.split(
    ',',
  ),
  reader:
    'a child of ten,lawyers,a nurse,new employees,investors,students of physics,a jury,my neighbour,engineers,tourists'.split(
      ',',
    ),
  tone: 'friendly,formal,ironic,urgent,cautious,cheerful,hostile,technical'.split(','),
  language: 'German,French,Polish,Portuguese,Finnish,Turkish,Greek,Welsh'.split(','),
  count: '2,3,4,5,7,10,12,20'.split(','),
};
const syllables =
  'ba,cor,del,en,fi,gar,hul,is,jo,ka,lem,mon,ne,or,pra,qui,ros,sta,ti,ul,ver,wen,xi,yo,zan,tro,shi,ple'.split(
    ',',
  );

/** A language of its own: words of one to four syllables, of which few are frequent, as in any other. */
const makeWords = (count: number, random: () => number): readonly string[] => {
  const words = new Set<string>();
  while (words.size < count) {
    const length = 1 + Math.floor(random() * 4);
    words.add(Array.from({ length }, () => syllables[Math.floor(random() * syllables.length)]).join(''));
  }
  return [...words];
};

/**
 * Prompts as an experiment has them, the same for the same seed: some instructions, filled in, many with a text of their own
 * subject behind them. Subjects have words of their own, so that prompts have neighbours near and far.
 */
export const createSeededPrompts = (seed: number): (() => string) => {
  // The language is that of all seeds.
  const common = createRandomStream(1);
  const words = makeWords(6000, common);
  const subjects = Array.from({ length: 400 }, () => ({
    name: `${words[Math.floor(common() * 6000)]} ${words[Math.floor(common() * 6000)]}`,
    words: Array.from({ length: 60 }, () => words[Math.floor(common() * 6000)] as string),
  }));
  const random = createRandomStream(seed);
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;
  const frequent = (): string => words[Math.floor(random() ** 3 * words.length)] as string;

  return () => {
    const subject = pick(subjects);
    const word = () => (random() < 0.4 ? pick(subject.words) : frequent());
    const sentence = (length: number) => Array.from({ length }, word).join(' ');
    const fill = (name: string): string => {
      if (name === 'topic') return subject.name;
      if (name === 'claim') return sentence(4 + Math.floor(random() * 8));
      return pick(slots[name] ?? ['']);
    };
    const task = pick(tasks).replaceAll(/\{(\w+)\}/g, (_, name: string) => fill(name));
    const sentences = Math.floor(random() * 6);
    const body = Array.from({ length: sentences }, () => `${sentence(5 + Math.floor(random() * 12))}.`).join(
      ' ',
    );
    return body === '' ? `${task} ${sentence(3)}` : `${task}\n\n${body}`;
  };
};
