/* Tenure's edge runtime: score raw rows with a bundle (.tenure).
 *
 * A scorer belongs to one thread at a time; make one for each thread. Loading copies the bytes and takes microseconds.
 * Scoring allocates nothing. Every function takes the scorer that tenure_load gave; NULL where a pointer is expected is
 * answered with TENURE_BAD_ARGUMENT, or 0.
 */
#ifndef TENURE_H
#define TENURE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Status of a call. */
enum {
    TENURE_OK = 0,
    TENURE_BAD_BUNDLE = 1,   /* not a bundle, damaged, or newer than this library */
    TENURE_BAD_ROW = 2,      /* the row does not fit the bundle's inputs */
    TENURE_REFUSED = 3,      /* the bundle's policy refuses unusual rows, and this is one */
    TENURE_BAD_ARGUMENT = 4, /* a pointer is NULL, or text is not UTF-8 */
    TENURE_NOT_VERIFIED = 5  /* the bundle does not reproduce its own samples */
};

/* Bits of tenure_prediction.flags. */
enum {
    TENURE_MISSING = 1,     /* a value was missing, NaN or infinite */
    TENURE_UNSEEN = 2,      /* a level was not seen in training, or too seldom */
    TENURE_OUT_OF_RANGE = 4 /* a number lay outside of what training saw */
};

/* Kinds of tenure_value. */
enum { TENURE_VALUE_MISSING = 0, TENURE_VALUE_NUMBER = 1, TENURE_VALUE_LEVEL = 2 };

typedef struct tenure_scorer tenure_scorer;

/* A raw value. */
typedef struct {
    uint32_t kind;     /* one of TENURE_VALUE_... */
    float number;      /* of a number */
    const char *level; /* of a level: UTF-8, no terminator needed */
    size_t level_size; /* bytes of the level */
} tenure_value;

/* An answer: churn: values[0] the probability; value: the expected value and the probability of buying; churn+value: the
 * probability of churn, then those two; segment: its number, counted from 0, and the distance to its centre. */
typedef struct {
    double values[3];
    uint32_t n_values;
    uint32_t flags;
} tenure_prediction;

/* Loads a bundle. On success *scorer is set; otherwise message (NULL, or message_size bytes) says why. */
int tenure_load(const uint8_t *file, size_t file_size, tenure_scorer **scorer, char *message, size_t message_size);
void tenure_free(tenure_scorer *scorer);

/* "churn", "value", "churn+value" or "segment"; the kernel in use. Terminated, and good for the life of the program. */
const char *tenure_task(const tenure_scorer *scorer);
const char *tenure_kernel(const tenure_scorer *scorer);

size_t tenure_n_inputs(const tenure_scorer *scorer);
/* The name of an input (UTF-8, not terminated; its size goes to *size), good until tenure_free; NULL out of range. */
const char *tenure_input_name(const tenure_scorer *scorer, size_t input_idx, size_t *size);
/* 1 where the input reads numbers, 0 where it reads levels. */
int tenure_input_reads_numbers(const tenure_scorer *scorer, size_t input_idx);

/* Scores one row of n_values values, in the order of the inputs. */
int tenure_predict(tenure_scorer *scorer, const tenure_value *row, size_t n_values, tenure_prediction *out,
                   char *message, size_t message_size);
/* Scores n_rows rows of n_inputs numbers each, NaN where one is missing; for bundles without levels. Where a row is not
   scored, the message names it and the answers of those before it are there. */
int tenure_predict_numbers(tenure_scorer *scorer, const float *rows, size_t n_rows, tenure_prediction *out,
                           char *message, size_t message_size);

/* Scores the bundle's own samples and compares to the last bit. */
int tenure_verify(tenure_scorer *scorer, char *message, size_t message_size);

#ifdef __cplusplus
}
#endif

#endif
