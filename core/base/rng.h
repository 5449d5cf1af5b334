/* rng.h - random numbers: one seed, an independent stream for each purpose and entity.
 *
 * A stream is xoshiro256++ (Blackman and Vigna 2018, period 2^256-1), its state filled by splitmix64 from a hash of
 * (seed, purpose, entity). Adding an entity, or a draw of one purpose, does not move the draws of another.
 *
 * All draws are bit-identical on every machine: logarithm, exponential and power are the project's own (detmath.h), square
 * roots are exact by IEEE 754, and the build forbids contraction. Cost: 1 ns for rng_u64, tens of ns for the distributions.
 * Threads: a stream belongs to one owner. */
#ifndef CORE_BASE_RNG_H
#define CORE_BASE_RNG_H

#include <stdbool.h>
#include <stdint.h>

typedef struct rng {
    uint64_t state[4];
} rng;

/* `purpose` is a short literal ("talk", "net"); `entity` is the number of the node, session, link ... it is for. */
void rng_init(rng *r, uint64_t seed, const char *purpose, uint64_t entity);

uint64_t rng_u64(rng *r);
uint32_t rng_u32(rng *r);
/* Uniform in [0, 1), 53 bits. */
double rng_unit(rng *r);
/* Uniform in [0, n), n > 0, without bias (Lemire 2019). */
uint64_t rng_below(rng *r, uint64_t n);
/* Never for a probability <= 0, always for one >= 1; takes one number from the stream in every case. */
bool rng_chance(rng *r, double probability);

#define RNG_CV_MAX 1e6

/* All with mean and spread in the unit of the caller, finite. `cv` is the coefficient of variation (standard deviation /
 * mean), 0..RNG_CV_MAX; with cv 0, or mean 0, the result is the mean itself and the stream does not move. Means are >= 0, except
 * that of a normal distribution. */
double rng_exponential(rng *r, double mean);
double rng_normal(rng *r, double mean, double stddev); /* stddev >= 0; polar method, draws pairs and keeps none */
double rng_lognormal(rng *r, double mean, double cv);  /* mean and cv of the result, not of its logarithm */
double rng_gamma(rng *r, double mean, double cv);      /* Marsaglia and Tsang 2000; cv 1 is exponential */
/* Number of events of a Poisson process with that mean, 0 <= mean <= 1e9: O(mean) below 30, O(1) above (transformed
 * rejection, Hoermann 1993; PTRS). */
uint64_t rng_poisson(rng *r, double mean);

#endif
