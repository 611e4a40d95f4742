const lanczos = [
  76.18009172947146, -86.50532032941678, 24.01409824083091, -1.231739572450155, 0.1208650973866179e-2,
  -0.5395239384953e-5,
];

/** ln Γ(x) for x > 0, to about 2e-10. Source: Lanczos' series as in Numerical Recipes, 3rd ed., §6.1. */
const logGamma = (x: number): number => {
  const shifted = x + 5.5;
  const series = lanczos.reduce((sum, factor, index) => sum + factor / (x + 1 + index), 1.000000000190015);
  return (x + 0.5) * Math.log(shifted) - shifted + Math.log((2.5066282746310007 * series) / x);
};

const tiny = 1e-300;
const away = (value: number) => (Math.abs(value) < tiny ? tiny : value);

/** The continued fraction of the incomplete beta function, by Lentz's method. Source: Numerical Recipes, 3rd ed., §6.4. */
const betaFraction = (a: number, b: number, x: number): number => {
  let c = 1;
  let d = 1 / away(1 - ((a + b) * x) / (a + 1));
  let result = d;
  for (let m = 1; m <= 10_000; m += 1) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away(1 + even * d);
    c = away(1 + even / c);
    result *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away(1 + odd * d);
    c = away(1 + odd / c);
    result *= d * c;
    if (Math.abs(d * c - 1) < 1e-12) break;
  }
  return result;
};

/** Regularised incomplete beta function I_x(a, b). */
const incompleteBeta = (a: number, b: number, x: number): number => {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const logFront = logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log(1 - x);
  return x < (a + 1) / (a + b + 2)
    ? (Math.exp(logFront) * betaFraction(a, b, x)) / a
    : 1 - (Math.exp(logFront) * betaFraction(b, a, 1 - x)) / b;
};

/** P(B ≤ k) of the binomial distribution with n trials of probability p: I_{1−p}(n − k, k + 1). */
export const binomialCdf = (k: number, n: number, p: number): number => {
  if (k < 0) return 0;
  if (k >= n) return 1;
  return incompleteBeta(n - k, k + 1, 1 - p);
};

/** P(B = k). */
export const binomialProbability = (k: number, n: number, p: number): number =>
  k < 0 || k > n
    ? 0
    : Math.exp(
        logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1) + k * Math.log(p) + (n - k) * Math.log(1 - p),
      );

/** The smallest k with P(B ≤ k) ≥ probability, by bisection. */
export const binomialQuantile = (probability: number, n: number, p: number): number => {
  let below = -1;
  let reaches = n;
  while (reaches - below > 1) {
    const middle = Math.floor((below + reaches) / 2);
    if (binomialCdf(middle, n, p) >= probability) reaches = middle;
    else below = middle;
  }
  return reaches;
};
