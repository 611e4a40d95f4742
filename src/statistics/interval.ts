/** Both ends of a confidence interval. */
export type Interval = { low: number; high: number };

/** Two-sided 95 %: the 0.975 quantile of the standard normal distribution. */
export const z95 = 1.959963984540054;
